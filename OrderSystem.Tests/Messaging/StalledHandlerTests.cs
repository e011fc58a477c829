using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OrderSystem.Messaging;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using OrderSystem.ServiceDefaults;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>A handler that never returns, although every call that it makes has a deadline.</summary>
public sealed class StalledHandlerTests
{
    /// <param name="isProbe">Whether the consumer is suspended, so that the handler runs as the half-open probe.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stuck_handler_releases_its_slot_and_its_message_is_redelivered(bool isProbe)
    {
        await using var system = await FaultSystem.StartAsync(workers: 0, settings: [("JetStream__AckWait", "00:00:02")]);
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:payments"] = system.PaymentsDatabase,
            ["ConnectionStrings:nats"] = system.Nats.UrlOf(NatsUsers.Of(FaultSystem.WorkerProject)),
            ["JetStream:AckWait"] = "00:00:02",
            ["JetStream:Concurrency"] = "1",
            ["urls"] = "http://127.0.0.1:0",
        });
        builder.AddServiceDefaults("payment-worker");
        builder.AddMessaging("payments", "/payment-worker", typeof(OrderSystem.PaymentWorker.Payments.Payment).Assembly);
        builder.AddEventConsumer(Topology.OrderProcessor, events => events.On<OrderCreated, FirstIsStuck>());
        await using var app = builder.Build();
        if (isProbe)
            app.Services.GetRequiredService<PullGate>().Suspend("a dependency", TimeSpan.Zero);
        await app.StartAsync();
        var handler = app.Services.GetRequiredService<FirstIsStuck>();

        var stuck = (await system.Load.PlaceAsync()).OrderId!.Value;
        await Eventually.BeTrueAsync("the first handler has started", () => Task.FromResult(handler.Started.ContainsKey(stuck)));
        var next = (await system.Load.PlaceAsync()).OrderId!.Value;

        await Eventually.BeTrueAsync(
            "the second message is handled", () => Task.FromResult(handler.Started.ContainsKey(next)), TimeSpan.FromSeconds(30));
        await Eventually.BeTrueAsync(
            "the first message is redelivered", () => Task.FromResult(handler.Started[stuck] == 2), TimeSpan.FromSeconds(30));
        handler.End.SetResult();
        await app.StopAsync();
    }

    private sealed class FirstIsStuck : IEventHandler<OrderCreated>
    {
        internal TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal ConcurrentDictionary<Guid, int> Started { get; } = [];

        public async Task<HandlingResult> HandleAsync(ReceivedEvent<OrderCreated> received, CancellationToken cancellationToken)
        {
            if (Started.AddOrUpdate(received.Body.OrderId, 1, (_, before) => before + 1) == 1 && Started.Count == 1)
                await End.Task;
            return HandlingResult.Done;
        }
    }
}
