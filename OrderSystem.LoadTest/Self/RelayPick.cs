using Npgsql;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.LoadTest.Self;

/// <summary>How long a relay takes to take its next events while many more wait, as after a long outage of the stream: its own statement, on a session like its own.</summary>
internal static class RelayPick
{
    private const int Batch = 100;
    private const int Times = 200;
    private static readonly TimeSpan Lease = TimeSpan.FromHours(1);

    /// <summary>Fills the outbox of the order API, whose relays have to be gone, and takes from it.</summary>
    /// <returns>Milliseconds, the median.</returns>
    internal static async Task<double> MeasureAsync(PostgresServer postgres, int waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var statement in new[] { StoredOrders.Waiting(waiting), "VACUUM ANALYZE outbox, events", "CHECKPOINT" })
            await postgres.ExecuteAsync(statement, cancellationToken, "orders");
        await using var database = NpgsqlDataSource.Create(PostgresDefaults.Complete(postgres.ConnectionString("orders", LocalSystem.OrderRole), "load-test"));
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
                throw new LoadTestException($"The relay found {events.Count} of {Batch} events. Let at least {Batch * Times} wait: --waiting.");
        }

        Array.Sort(taken);
        return taken[Times / 2];
    }
}
