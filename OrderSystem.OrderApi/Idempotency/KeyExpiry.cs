using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.OrderApi.Idempotency;

/// <summary>Section <c>Idempotency</c>.</summary>
internal sealed class IdempotencyOptions
{
    internal const string Section = "Idempotency";

    /// <summary>How long a key is kept. Shorter saves rows; a client that retries later places a second order. Default 72 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(72);
}

/// <summary>Purges expired idempotency keys.</summary>
internal sealed partial class KeyExpiry(
    NpgsqlDataSource database, IOptions<IdempotencyOptions> options, TimeProvider time, ILogger<KeyExpiry> logger)
    : PeriodicService(Period, time)
{
    internal static readonly string Query = AgedRows.Sql("idempotency_keys", "created_at");

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    protected override Task RunAsync(CancellationToken cancellationToken) =>
        database.PurgeAsync(Query, options.Value.Retention, cancellationToken);

    protected override void LogFailure(Exception failure) => Log.Failed(logger, failure.Message);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2101, Level = LogLevel.Warning,
            Message = "Purge of expired idempotency keys failed ({Error}); retrying in the next period.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
