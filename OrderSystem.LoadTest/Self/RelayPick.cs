using Npgsql;
using OrderSystem.LoadTest.Report;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.LoadTest.Self;

/// <summary>Measures the relay's own claim statement on a long outbox, as after a long outage of the stream.</summary>
internal static class RelayPick
{
    private const int Batch = 100;
    private const int Times = 200;
    private static readonly TimeSpan Lease = TimeSpan.FromHours(1);

    /// <summary>Fills the outbox of the order API, whose relays must not run, and claims from it.</summary>
    /// <returns>The median, in milliseconds.</returns>
    internal static async Task<double> MeasureAsync(
        PostgresServer postgres, int waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var statement in new[] { StoredOrders.Waiting(waiting), "VACUUM ANALYZE outbox, events", "CHECKPOINT" })
            await postgres.ExecuteAsync(statement, cancellationToken, "orders");
        var connection = PostgresDefaults.Complete(postgres.ConnectionString("orders", LocalSystem.OrderRole), "load-test");
        await using var database = NpgsqlDataSource.Create(connection);
        return await MeasureAsync(new OutboxTable(database), time, cancellationToken);
    }

    internal static async Task<double> MeasureAsync(OutboxTable table, TimeProvider time, CancellationToken cancellationToken)
    {
        var taken = new double[Times];
        for (var i = 0; i < Times; i++)
        {
            var started = time.GetTimestamp();
            var events = await table.LeaseAsync(Batch, Lease, cancellationToken);
            taken[i] = time.GetElapsedTime(started).TotalMilliseconds;
            if (events.Count < Batch)
                throw new LoadTestException(
                    $"The relay claimed {events.Count} of {Batch} events. Set --waiting to at least {Batch * Times}.");
        }

        Array.Sort(taken);
        return taken[Times / 2];
    }
}
