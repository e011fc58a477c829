using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace OrderSystem.OrderApi.Idempotency;

/// <summary>Section <c>Idempotency</c>.</summary>
internal sealed class IdempotencyOptions
{
    internal const string Section = "Idempotency";

    /// <summary>How long a key is remembered. Shorter saves rows; a client that retries later than this places a second order. Default 72 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(72);
}

/// <summary>Forgets keys that are old, a bounded number at a time, in any number of processes at once.</summary>
internal sealed partial class KeyExpiry(NpgsqlDataSource database, IOptions<IdempotencyOptions> options, TimeProvider time, ILogger<KeyExpiry> logger) : BackgroundService
{
    /// <summary>By the rows' places: by their keys, the planner may join the whole table with the few that are to go.</summary>
    internal const string Query =
        """
        DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))
        """;

    private const int Batch = 5_000;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await DeleteAsync(stoppingToken) == Batch)
                {
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure.Message);
            }
        }
    }

    private async Task<int> DeleteAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Retention });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "Old idempotency keys could not be deleted: {Error}. It is tried again.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
