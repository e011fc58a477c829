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
        await using var command = database.CreateCommand(
            $"""
            WITH waiting AS (
                SELECT id FROM orders o
                WHERE ((status = 'pending' AND coalesce(offered_at, created_at) < now() - $1)
                    OR (status = 'cancelled' AND updated_at > now() - interval '7 days'
                        AND now() - greatest(offered_at, updated_at) > greatest($1, greatest(offered_at, updated_at) - updated_at)))
                  AND NOT EXISTS (SELECT FROM outbox WHERE order_id = o.id)
                ORDER BY id LIMIT $2
                FOR UPDATE SKIP LOCKED),
            offered AS (
                UPDATE orders o SET offered_at = now() FROM waiting w WHERE o.id = w.id RETURNING o.id AS order_id),
            {OutboxSql.OfferAgain}
            SELECT count(*) FROM offered
            """);
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
