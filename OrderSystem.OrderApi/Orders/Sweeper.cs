using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Section <c>Sweeper</c>.</summary>
internal sealed class SweeperOptions
{
    internal const string Section = "Sweeper";

    /// <summary>How long an order may be pending before its events are sent again; longer than the streams' duplicate window. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan After { get; set; } = TimeSpan.FromMinutes(15);
}

/// <summary>
/// The real guarantee that every order ends: JetStream acknowledges before it syncs to disk, and a lost store loses what it acknowledged.
/// Sends the events of an order that waits too long again. Nobody answers a cancellation, so those of a cancelled order are sent again at
/// growing intervals for a week: twice as long after each time. Any number of instances share the work by row locks.
/// </summary>
internal sealed partial class Sweeper(NpgsqlDataSource database, IOptions<SweeperOptions> options, OrderMetrics metrics, TimeProvider time, ILogger<Sweeper> logger) : BackgroundService
{
    private const int Batch = 500;

    /// <summary>
    /// Of the orders that are due the first ten thousand of either status are looked at, so that a sweep stays short while all of them wait in the outbox.
    /// Each is looked up there by itself (OFFSET 0): a join would read the whole queue.
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
        waiting AS (
            SELECT o.id FROM due JOIN orders o USING (id)
            WHERE NOT EXISTS (SELECT FROM outbox WHERE order_id = o.id OFFSET 0)
              AND o.status IN ('pending', 'cancelled') AND greatest(o.offer_after, o.updated_at) < now() - $1
            LIMIT $2
            FOR UPDATE OF o SKIP LOCKED),
        offered AS (
            UPDATE orders o SET offered_at = now(), offer_after = CASE
                WHEN o.status = 'pending' THEN now()
                WHEN now() + greatest($1, now() - o.updated_at) > o.updated_at + interval '7 days' THEN 'infinity'
                ELSE now() + greatest(interval '0', now() - o.updated_at - $1) END
            FROM waiting w WHERE o.id = w.id RETURNING o.id AS order_id),
        {OutboxSql.OfferAgain}
        SELECT count(*) FROM offered
        """;

    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var period = options.Value.After / 4 < LongestPeriod ? options.Value.After / 4 : LongestPeriod;
        using var timer = new PeriodicTimer(period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await OfferAsync(stoppingToken) == Batch)
                {
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure);
            }
        }
    }

    private async Task<long> OfferAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.After });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        var offered = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        metrics.Swept(offered);
        if (offered > 0)
            Log.Offered(logger, offered);
        return offered;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "The events of {Count} orders are sent again, because nothing has come of them for too long.")]
        internal static partial void Offered(ILogger logger, long count);

        [LoggerMessage(EventId = 2202, Level = LogLevel.Error, Message = "Orders that wait too long could not be looked for; it is tried again.")]
        internal static partial void Failed(ILogger logger, Exception failure);
    }
}
