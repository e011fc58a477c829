using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Wall clocks that are set while the system runs: breaks, leases and deadlines keep their length.</summary>
public sealed class ClockFaultTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>An outcome that a slow machine left unknown is asked for after a minute; what was held up by a clock would take the hour.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task F42_Services_whose_clock_is_set_an_hour_forwards_and_back_go_on_as_if_nothing_had_been()
    {
        using var clock = new FakedClock();
        await using var system = await FaultSystem.StartAsync(settings: clock.Settings);
        await LoadAsync();
        await SetAsync(Hour);
        await LoadAsync();
        await system.RestAsync(Timeout);

        // The circuit opens in the hour that is then taken back.
        await system.SetProviderAsync(new { outage = true });
        await LoadAsync();
        await OpenCircuitAsync(system);
        await SetAsync(TimeSpan.Zero);
        await system.SetProviderAsync(null);
        await LoadAsync();

        var snapshot = await system.AuditAsync(Timeout);
        Assert.Equal(system.Load.History.Accepted.Count(), snapshot.Ledger.Count);

        Task LoadAsync() => system.Load.RunAsync(new(Orders: 30, PerSecond: 30));

        Task SetAsync(TimeSpan offset)
        {
            clock.Set(offset);
            return Eventually.BeTrueAsync($"orders are made {offset} from now", async () =>
            {
                await system.Load.PlaceAsync();
                return await Sql.ScalarAsync<bool>(
                    system.OrdersDatabase, $"SELECT count(*) > 0 FROM orders WHERE abs(extract(epoch FROM created_at - now()) - {offset.TotalSeconds}) < 3");
            });
        }
    }

    [Fact]
    public async Task F42_Payments_that_wait_keep_their_wait_when_the_clock_of_the_database_is_set_back()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.SetProviderAsync(new { outage = true });
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 20));
        await OpenCircuitAsync(system);

        // To the database its rows are an hour ahead then; nothing else tells that its clock was set.
        var moved = await Sql.ScalarAsync<long>(
            system.PaymentsDatabase,
            """
            WITH moved AS (UPDATE payments SET lease_until = lease_until + interval '1 hour', updated_at = updated_at + interval '1 hour' WHERE status IN ('charging', 'unknown') RETURNING 1)
            SELECT count(*) FROM moved
            """);
        Assert.InRange(moved, 2, 20);
        await system.SetProviderAsync(null);

        var snapshot = await system.AuditAsync(Timeout);
        Assert.Equal(20, snapshot.Ledger.Count);
        Assert.Contains("Clock of the database was set back", system.Workers[0].Output, StringComparison.Ordinal);
    }

    private static Task OpenCircuitAsync(FaultSystem system) =>
        Eventually.BeTrueAsync("the circuit is open", () => Task.FromResult(system.Workers[0].Output.Contains("suspends pulling", StringComparison.Ordinal)));
}
