using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Outages of NATS and PostgreSQL.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task During_a_NATS_outage_orders_are_accepted_and_paid_after_it()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        await system.Nats.KillAsync();
        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.PlaceAsync()));
        Assert.Equal(20L, await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox"));
        using (var ready = await client.Http.GetAsync(new Uri("/ready", UriKind.Relative)))
            Assert.True(ready.IsSuccessStatusCode);
        await system.Nats.StartAgainAsync();

        foreach (var order in orders)
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(90));
        await Eventually.BeTrueAsync(
            "the outbox is empty", async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox") == 0);
        Assert.Equal(21L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'succeeded'"));
    }

    [Theory]
    [InlineData(Outage.Stopped)]
    [InlineData(Outage.Frozen)]
    public async Task During_a_PostgreSQL_outage_POST_gets_503_within_six_seconds_and_recovers_by_itself(Outage outage)
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        await (outage == Outage.Frozen ? system.Postgres.FreezeAsync() : system.Postgres.StopAsync());

        // The requests overlap: none may wait for the one before it in addition to its own timeout.
        var answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            await Task.Delay(TimeSpan.FromSeconds(i * 0.4), TimeProvider.System);
            var asked = TimeProvider.System.GetTimestamp();
            using var answer = await client.Http.PostAsJsonAsync("/orders",
                new { customerId = "c-17", currency = "EUR", items = new[] { new { sku = "S", quantity = 1, unitPrice = 1m } } });
            return (answer.StatusCode, RetryAfter: answer.Headers.RetryAfter?.Delta, Took: TimeProvider.System.GetElapsedTime(asked));
        }));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{outage}: answered after {answers.Min(answer => answer.Took)} to {answers.Max(answer => answer.Took)}");
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        Assert.All(answers, answer => Assert.True(answer.RetryAfter > TimeSpan.Zero));
        Assert.All(answers, answer => Assert.InRange(answer.Took, TimeSpan.Zero, TimeSpan.FromSeconds(6)));

        await (outage == Outage.Frozen ? system.Postgres.ThawAsync() : system.Postgres.StartAgainAsync());
        var order = await Eventually.GetAsync("POST works again", () => client.PlaceAsync(), _ => true);
        await client.WaitForAsync(order, "paid");
    }

    [Theory]
    [InlineData("PostgreSQL")]
    [InlineData("NATS")]
    public async Task F17_No_service_runs_a_busy_loop_while_a_server_is_down(string server)
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        using (var slow = await gateway.PutAsJsonAsync("/faults", new { latency = "00:00:01" }))
            slow.EnsureSuccessStatusCode();

        // Every code path has work in progress when the server fails.
        var orders = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.PlaceAsync()));
        await (server == "NATS" ? system.Nats.KillAsync() : system.Postgres.KillAsync());
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);

        // A busy loop uses the processor in every window; JIT compilation and other tests do not. The smallest share of all windows counts.
        ServiceProcess[] services = [system.OrderApi, system.Worker];
        var shares = new double[] { 1, 1 };
        for (var window = 0; window < 4; window++)
        {
            var (since, before) = (TimeProvider.System.GetTimestamp(), services.Select(CpuTime).ToArray());
            await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);
            shares = [.. services.Select(
                (service, i) => Math.Min(shares[i], (CpuTime(service) - before[i]) / TimeProvider.System.GetElapsedTime(since)))];
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Without {server}: order-api {shares[0]:P1} of a core, payment-worker {shares[1]:P1}");
        Assert.All(shares, share => Assert.InRange(share, 0, 0.1));

        await (server == "NATS" ? system.Nats.StartAgainAsync() : system.Postgres.StartAgainAsync());
        foreach (var order in orders)
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task Several_instances_of_each_service_pay_every_order_once()
    {
        await using var system = await RunningSystem.StartAsync();
        var second = await system.StartServiceAsync("OrderSystem.OrderApi");
        await system.StartServiceAsync("OrderSystem.PaymentWorker");
        await system.StartServiceAsync("OrderSystem.PaymentWorker");
        using var one = new Client(system.OrderApi.Address);
        using var two = new Client(second.Address);

        var orders = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => (i % 2 == 0 ? one : two).PlaceAsync()));
        foreach (var order in orders)
            await one.WaitForAsync(order, "paid");

        Assert.Equal(
            300L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'succeeded'"));
        Assert.Equal(300L, await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM inbox"));
    }

    /// <summary>The processor time that the process has used.</summary>
    private static TimeSpan CpuTime(ServiceProcess service)
    {
        using var process = Process.GetProcessById(service.Id);
        return process.TotalProcessorTime;
    }

    public enum Outage
    {
        /// <summary>The server is stopped: connections are refused.</summary>
        Stopped,

        /// <summary>Its processes are suspended: connections stay open, and nothing is answered.</summary>
        Frozen,
    }
}
