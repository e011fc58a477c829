using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Section <c>Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Retention";

    /// <summary>
    /// How long a service remembers which events it has received. Longer than streams keep them: a consumer that is made again is given all of
    /// its stream once more. Less saves rows. Default 8 days.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:01", "400.00:00:00")]
    public TimeSpan Inbox { get; set; } = TimeSpan.FromDays(8);

    /// <summary>How often what is older is looked for. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan Period { get; set; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// Forgets what was received so long ago that no stream can bring it again, and the counts of deliveries that nobody ended. A bounded number at
/// a time, in any number of processes at once. The outbox and the ledger are not touched: what is parked there is an event that nobody has heard of.
/// </summary>
internal sealed partial class Retention(NpgsqlDataSource database, IOptions<RetentionOptions> options, TimeProvider time, ILogger<Retention> logger) : BackgroundService
{
    private const int Batch = 5_000;

    /// <summary>By the rows' places: by their keys, the planner may join the whole table with the few that are to go.</summary>
    internal const string OldInbox =
        "DELETE FROM inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM inbox WHERE received_at < now() - $1 ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

    internal const string OldDeliveries =
        "DELETE FROM deliveries WHERE ctid = ANY (ARRAY(SELECT ctid FROM deliveries WHERE updated_at < now() - $1 ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await DeleteAsync(OldInbox, stoppingToken) == Batch)
                {
                }

                while (await DeleteAsync(OldDeliveries, stoppingToken) == Batch)
                {
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure.Message);
            }
        }
    }

    private async Task<int> DeleteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Inbox });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "What was received long ago could not be deleted: {Error}. It is tried again.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
