using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>An idle system emits no telemetry.</summary>
public sealed class IdleTests
{
    [Fact]
    public async Task A_thousand_seconds_of_idle_polls_and_probes_emit_no_span_and_no_log_line()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var system = await RunningSystem.StartAsync(new(collector.Settings)
        {
            // A hundred times as often as an idle relay polls by default: ten seconds are worth a thousand.
            ["Relay__MinPoll"] = "00:00:00.010",
            ["Relay__MaxPoll"] = "00:00:00.010",
            ["Sweeper__After"] = "00:00:01",
        });
        using var http = new HttpClient();
        using var client = new Client(system.OrderApi.Address);
        var warmUp = await client.PlaceAsync();
        await client.WaitForAsync(warmUp, "paid");
        await collector.TraceAsync(
            "the last step of the order has ended", warmUp,
            spans => spans.Any(span => span is { Service: "order-api", Name: "process payments.succeeded" }));

        // With this short interval, the order may have been republished while it was processed.
        await Eventually.BeTrueAsync("no event and no message is pending", () => IsIdleAsync(system));
        var before = system.Services.Select(service => service.Output).ToArray();

        // Compared by their start time, because spans that started before may arrive later.
        var watched = (ulong)(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var polls = await PollsAsync(system);

        var probes = 0;
        while (await PollsAsync(system) - polls < 1_000)
        {
            foreach (var service in system.Services)
            {
                foreach (var probe in new[] { "/health", "/ready", "/alive" })
                {
                    using var answer = await http.GetAsync(new Uri(service.Address, probe));
                    Assert.True(answer.IsSuccessStatusCode);
                    probes++;
                }
            }
        }

        Assert.True(probes > 30, $"only {probes} probes");
        Assert.DoesNotContain(collector.Spans, span => span.Start > watched);
        Assert.Equal(before, system.Services.Select(service => service.Output));
    }

    private static async Task<bool> IsIdleAsync(RunningSystem system)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        var orders = (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info;
        var payments = (await jetStream.GetConsumerAsync("PAYMENTS", "PAYMENT_RESULTS")).Info;
        return orders is { NumPending: 0, NumAckPending: 0 } && payments is { NumPending: 0, NumAckPending: 0 }
            && await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox") == 0
            && await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM outbox") == 0;
    }

    /// <summary>How often the relays have polled: each poll is a transaction.</summary>
    private static Task<long> PollsAsync(RunningSystem system) =>
        Sql.ScalarAsync<long>(
            system.OrdersDatabase,
            "SELECT sum(xact_commit)::bigint FROM pg_stat_database WHERE datname IN ('orders', 'payments')");
}
