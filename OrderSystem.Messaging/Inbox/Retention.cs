using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Inbox;

/// <summary>Section <c>Retention</c>.</summary>
internal sealed class RetentionOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Retention";

    /// <summary>
    /// How long the inbox keeps the ids of processed events. Longer than the streams keep messages: a recreated consumer may be delivered
    /// its whole stream again. A shorter time saves rows. Default 8 days.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:01", "400.00:00:00")]
    public TimeSpan Inbox { get; set; } = TimeSpan.FromDays(8);

    /// <summary>How often old rows are purged. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan Period { get; set; } = TimeSpan.FromMinutes(10);
}

/// <summary>A table of a service whose rows are purged at the age of inbox rows.</summary>
/// <param name="Sql">Of <see cref="AgedRows.Sql"/>.</param>
public sealed record AgedTable(string Sql);

/// <summary>
/// Purges inbox rows older than stream retention, and abandoned delivery counters, in batches. The outbox and the ledger are never purged:
/// a parked event is one that no consumer has seen.
/// </summary>
internal sealed partial class Retention(
    NpgsqlDataSource database, IEnumerable<AgedTable> tables, IOptions<RetentionOptions> options, TimeProvider time,
    ILogger<Retention> logger)
    : PeriodicService(options.Value.Period, time)
{
    internal static readonly string OldInbox = AgedRows.Sql("inbox", "received_at");

    internal static readonly string OldDeliveries = AgedRows.Sql("deliveries", "updated_at");

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await database.PurgeAsync(OldInbox, options.Value.Inbox, cancellationToken);
        await database.PurgeAsync(OldDeliveries, options.Value.Inbox, cancellationToken);
        foreach (var table in tables)
            await database.PurgeAsync(table.Sql, options.Value.Inbox, cancellationToken);
    }

    protected override void LogFailure(Exception failure) => Log.Failed(logger, failure.Message);

    private static partial class Log
    {
        [LoggerMessage(EventId = 1003, Level = LogLevel.Warning,
            Message = "Purge of old inbox rows failed ({Error}); retrying in the next period.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
