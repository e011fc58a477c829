using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Wall clocks that are set while the system runs: circuit breaks, leases and deadlines keep their duration.</summary>
public sealed class ClockFaultTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>
    /// An outcome that a slow machine left unknown is looked up after a minute. A payment that the clock delays would take an hour.
    /// </summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task F42_Services_keep_working_when_their_clock_is_set_an_hour_forward_and_back()
    {
        using var clock = new FakedClock();
        await using var system = await FaultSystem.StartAsync(settings: clock.Settings);
        await LoadAsync();
        await SetAsync(Hour);
        await LoadAsync();
        await system.WaitUntilIdleAsync(Timeout);

        // The circuit opens before the clock is set back by an hour.
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
            return Eventually.BeTrueAsync($"orders are created with a clock offset of {offset}", async () =>
            {
                await system.Load.PlaceAsync();
                return await Sql.ScalarAsync<bool>(
                    system.OrdersDatabase,
                    $"SELECT count(*) > 0 FROM orders WHERE abs(extract(epoch FROM created_at - now()) - {offset.TotalSeconds}) < 3");
            });
        }
    }

    [Fact]
    public async Task F42_Waiting_payments_are_not_delayed_when_the_clock_of_the_database_is_set_back()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.SetProviderAsync(new { outage = true });
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 20));
        await OpenCircuitAsync(system);

        // A payment whose call is in flight gets a new lease when the call ends, and would need no repair.
        const string Waiting = "status IN ('charging', 'unknown') AND calls IS NOT NULL AND lease_until <= now()";
        await Eventually.BeTrueAsync("several payments wait for their next attempt", async () =>
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE {Waiting}") > 2);

        // After its clock is set back, the database sees rows that are an hour ahead. Moving the rows has the same effect.
        var moved = await Sql.ScalarAsync<long>(
            system.PaymentsDatabase,
            $"""
            WITH moved AS (
                UPDATE payments SET lease_until = lease_until + interval '1 hour', updated_at = updated_at + interval '1 hour'
                WHERE {Waiting} RETURNING 1)
            SELECT count(*) FROM moved
            """);
        Assert.InRange(moved, 2, 20);
        await system.SetProviderAsync(null);

        var snapshot = await system.AuditAsync(Timeout);
        Assert.Equal(20, snapshot.Ledger.Count);
        Assert.Contains("Database clock was set back", system.Workers[0].Output, StringComparison.Ordinal);
    }

    private static Task OpenCircuitAsync(FaultSystem system) =>
        Eventually.BeTrueAsync(
            "the circuit is open", () => Task.FromResult(
                system.Workers[0].Output.Contains("suspending ORDER_PROCESSOR", StringComparison.Ordinal)));
}
