using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>
/// The provider client has only its own resilience pipeline: inside the default
/// pipeline of the other clients, each of its attempts would be retried again.
/// </summary>
[Fast]
public sealed class GatewayAttemptsTests
{
    private const int Retries = 2;

    [Theory]
    [InlineData(ScriptedServer.Unavailable, "503")]
    [InlineData(ScriptedServer.HeadAndSilence, "no response in time")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{", null)]
    public async Task An_unanswered_call_is_attempted_as_often_as_configured_and_each_attempt_is_recorded(string answer, string? recorded)
    {
        await using var server = new ScriptedServer(_ => answer);
        await using var app = Worker(server.Address);

        var client = app.Services.GetRequiredService<IPaymentProvider>();
        foreach (var send in (Func<Task<ChargeOutcome>>[])[
            () => client.ChargeAsync(Guid.NewGuid(), 10, "EUR", paymentMethod: null, Guid.NewGuid(), CancellationToken.None),
            () => client.FindAsync(Guid.NewGuid(), CancellationToken.None)])
        {
            var before = server.Requests;
            var outcome = await send().WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);

            Assert.Equal(ChargeStatus.Unknown, outcome.Status);
            Assert.Equal(Retries + 1, server.Requests - before);
            Assert.Equal(Retries + 1, outcome.Calls.Count);
            Assert.All(outcome.Calls, call => Assert.Contains(recorded ?? "", call.Outcome, StringComparison.Ordinal));
        }
    }

    private static WebApplication Worker(Uri gateway)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Payments:GatewayUrl"] = gateway.ToString(),
            ["Payments:Retries"] = $"{Retries}",
            ["Payments:RetryDelay"] = "00:00:00.01",
            ["Payments:AttemptTimeout"] = "00:00:01.5",
            ["Payments:Breaker:MinimumCalls"] = "1000",
        });
        builder.AddServiceDefaults("payment-worker");
        builder.Services.AddSingleton<PaymentMetrics>().AddSingleton<PullGate>();
        builder.AddPaymentGateway();
        return builder.Build();
    }
}
