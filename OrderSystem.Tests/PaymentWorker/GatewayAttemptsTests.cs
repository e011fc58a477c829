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

/// <summary>The client of the provider has one pipeline, its own: with the defaults of every client around it, each of its attempts would be several.</summary>
public sealed class GatewayAttemptsTests
{
    private const int Retries = 2;

    [Theory]
    [InlineData(ScriptedServer.Unavailable, "503")]
    [InlineData(ScriptedServer.HeadAndSilence, "no response in time")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{", null)]
    public async Task A_charge_without_an_answer_is_asked_for_as_often_as_its_own_pipeline_says_and_each_attempt_is_noted(string answer, string? noted)
    {
        await using var server = new ScriptedServer(_ => answer);
        await using var app = Worker(server.Address);

        var client = app.Services.GetRequiredService<PaymentGatewayClient>();
        foreach (var ask in (Func<Task<ChargeOutcome>>[])[
            () => client.ChargeAsync(Guid.NewGuid(), 10, "EUR", Guid.NewGuid(), CancellationToken.None),
            () => client.FindAsync(Guid.NewGuid(), CancellationToken.None)])
        {
            var before = server.Requests;
            var outcome = await ask().WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);

            Assert.Equal(ChargeStatus.Unknown, outcome.Status);
            Assert.Equal(Retries + 1, server.Requests - before);
            Assert.Equal(Retries + 1, outcome.Calls.Count);
            Assert.All(outcome.Calls, call => Assert.Contains(noted ?? "", call.Outcome, StringComparison.Ordinal));
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
