using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Faults of PostgreSQL and of the connections to it.</summary>
public sealed class PostgresFaultTests
{
    [Fact]
    public async Task F16_Killed_backends_cost_a_retry_and_no_order()
    {
        await using var system = await FaultSystem.StartAsync(apis: 2);
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 800, PerSecond: 25) { Until = over.Token });
        var killed = 0;
        while (killed < 40)
        {
            await Task.Delay(system.Dice.Between(0.2, 0.4), TimeProvider.System);
            killed += (int)await Sql.ScalarAsync<long>(
                system.Postgres.ConnectionString("postgres"),
                $"""
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (
                    SELECT pid FROM pg_stat_activity WHERE datname IN ('orders', 'payments')
                    ORDER BY md5(pid::text || '{system.Dice.Next()}') LIMIT 2) AS chosen
                """);
        }

        await over.CancelAsync();
        await load;
        await system.AuditAsync();
    }

    [Fact]
    public async Task F17_During_a_PostgreSQL_outage_orders_get_503_in_time_and_nothing_committed_is_lost()
    {
        await using var system = await FaultSystem.StartAsync();
        var load = system.Load.RunAsync(new(Orders: 240, PerSecond: 20));
        await Eventually.BeTrueAsync("orders are accepted", () => Task.FromResult(system.Load.History.Accepted.Count() > 20));

        await system.Postgres.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System);
        await system.Postgres.StartAgainAsync();
        await load;

        var refused = system.Load.History.Requests.SelectMany(request => request.Attempts)
            .Where(attempt => attempt.Outcome == LoadOutcome.RetryLater).ToArray();
        Assert.NotEmpty(refused);
        Assert.All(refused, attempt => Assert.Equal(HttpStatusCode.ServiceUnavailable, attempt.Status));
        Assert.All(refused, attempt => Assert.InRange((attempt.Ended - attempt.Started).TotalSeconds, 0, 6));
        await system.AuditAsync();
    }

    [Fact]
    public async Task F19_An_order_whose_commit_response_was_lost_is_found_by_its_idempotency_key()
    {
        await using var system = await FaultSystem.StartAsync();
        var lost = new LostCommits(system.Dice, "orders.created.v1");
        (system.ApiPostgres.FromClient, system.ApiPostgres.FromServer) = (lost.FromClient, lost.FromServer);

        // The busier the machine, the more orders share a commit, and the more orders are needed for enough commits.
        var orders = 0;
        for (; orders < 3_000 && lost.Count <= 10; orders += 150)
            await system.Load.RunAsync(new(Orders: 150, PerSecond: 30));
        system.ApiPostgres.FromServer = null;

        Assert.True(lost.Count > 10, $"only {lost.Count} commit responses were lost");
        var snapshot = await system.AuditAsync();
        Assert.Equal((orders, orders), (snapshot.Orders.Count, snapshot.OrderApi.Events.Count));
    }

    [Fact]
    public async Task F21_With_a_full_disk_orders_get_503_and_no_accepted_order_is_lost()
    {
        await using var disk = await FaultDisk.CreateAsync();
        await using var system = await FaultSystem.StartAsync(prepare: disk.CreateDatabasesAsync);
        await system.Load.RunAsync(new(Orders: 30, PerSecond: 30));
        await system.WaitUntilIdleAsync();

        await disk.FillAsync(system);
        var load = system.Load.RunAsync(new(Orders: 250, PerSecond: 40));
        await Eventually.BeTrueAsync(
            "orders are rejected with 503",
            () => Task.FromResult(system.Load.History.Requests.SelectMany(request => request.Attempts)
                .Any(attempt => attempt.Status == HttpStatusCode.ServiceUnavailable)));
        await disk.FreeSpaceAsync(system);
        await load;

        Assert.Equal(280, system.Load.History.Accepted.Count());
        await system.AuditAsync();
    }
}
