using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Outbox;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Section <c>Sweeper</c>.</summary>
internal sealed class StalledOrdersOptions
{
    internal const string Section = "Sweeper";

    /// <summary>
    /// How long an order may be pending before its events are republished; longer than the streams' duplicate window. Default 15 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan After { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often stalled orders are looked for.</summary>
    internal TimeSpan Period => After / 4 < LongestPeriod ? After / 4 : LongestPeriod;

    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(1);
}

/// <summary>
/// Guarantees that every order reaches a final status: JetStream acknowledges before it syncs to disk, and a lost store loses acknowledged
/// messages. Republishes the events of orders that are pending for too long. A cancellation has no reply, so the events of a cancelled
/// order are republished with exponential backoff for a week. Instances share the work by row locks.
/// </summary>
internal sealed partial class StalledOrders(
    NpgsqlDataSource database, IOptions<StalledOrdersOptions> options,
    OrderMetrics metrics, TimeProvider time, ILogger<StalledOrders> logger)
    : PeriodicService(options.Value.Period, time)
{
    private const int Batch = 500;

    /// <summary>
    /// Considers the first ten thousand due orders of either status, so that a scan stays short while all of them wait in the outbox.
    /// OFFSET 0 forces an index lookup in the outbox for each order: a join would read the whole queue.
    /// </summary>
    internal const string Query =
        $"""
        WITH due AS (
            (SELECT id FROM orders WHERE status = 'pending' AND greatest(offer_after, updated_at) < now() - $1
             ORDER BY greatest(offer_after, updated_at) LIMIT 10000)
            UNION ALL
            (SELECT id FROM orders WHERE status = 'cancelled' AND greatest(offer_after, updated_at) < now() - $1
               AND greatest(offer_after, updated_at) > now() - interval '7 days' AND updated_at > now() - interval '7 days'
             ORDER BY greatest(offer_after, updated_at) LIMIT 10000)),
        stalled AS (
            SELECT o.id FROM due JOIN orders o USING (id)
            WHERE NOT EXISTS (SELECT FROM outbox WHERE order_id = o.id OFFSET 0)
              AND o.status IN ('pending', 'cancelled') AND greatest(o.offer_after, o.updated_at) < now() - $1
            LIMIT $2
            FOR UPDATE OF o SKIP LOCKED),
        republished AS (
            UPDATE orders o SET offered_at = now(), offer_after = CASE
                WHEN o.status = 'pending' THEN now()
                WHEN now() + greatest($1, now() - o.updated_at) > o.updated_at + interval '7 days' THEN 'infinity'
                ELSE now() + greatest(interval '0', now() - o.updated_at - $1) END
            FROM stalled s WHERE o.id = s.id RETURNING o.id AS order_id),
        {OutboxSql.Republish}
        SELECT count(*) FROM republished
        """;

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await RepublishAsync(cancellationToken) == Batch)
        {
        }
    }

    protected override void LogFailure(Exception failure) => Log.Failed(logger, failure);

    private async Task<long> RepublishAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.After });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        var orders = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        metrics.Republished(orders);
        if (orders > 0)
            Log.Republished(logger, orders);
        return orders;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "Republishing the events of {Count} stalled orders.")]
        internal static partial void Republished(ILogger logger, long count);

        [LoggerMessage(EventId = 2202, Level = LogLevel.Error, Message = "Scan for stalled orders failed; retrying in the next period.")]
        internal static partial void Failed(ILogger logger, Exception failure);
    }
}
