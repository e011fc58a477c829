using Npgsql;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Keeps leases and waits at their length when the database's clock is set back. A payment that was changed in the future tells by how
/// much; without this its lease would last until the old time is reached again. Payments that the provider is processing may be many, and
/// their look-ups may be late.
/// </summary>
internal sealed partial class LeaseRepair(
    NpgsqlDataSource database, TimeProvider time, ILogger<LeaseRepair> logger) : PeriodicService(Period, time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>One minute is longer than any transaction: the timestamp of a long transaction is no sign of clock skew.</summary>
    private const string Sql = """
        UPDATE payments SET lease_until = lease_until - (updated_at - now()), updated_at = now()
        WHERE status IN ('charging', 'unknown', 'refunding')
            AND lease_until > now() + interval '1 minute' AND updated_at > now() + interval '1 minute';
        UPDATE refunds SET lease_until = lease_until - (updated_at - now()), updated_at = now()
        WHERE status = 'pending' AND lease_until > now() + interval '1 minute' AND updated_at > now() + interval '1 minute';
        UPDATE payments SET updated_at = now() WHERE status = 'review' AND updated_at > now() + interval '1 minute';
        """;

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sql);
        if (await command.ExecuteNonQueryAsync(cancellationToken) is > 0 and var payments)
            Log.SetBack(logger, payments);
    }

    protected override void LogFailure(Exception failure) => Log.Failed(logger, failure.Message);

    private static partial class Log
    {
        [LoggerMessage(EventId = 3205, Level = LogLevel.Warning,
            Message = "Database clock was set back; the leases of {Payments} payments are shortened by the same time.")]
        internal static partial void SetBack(ILogger logger, int payments);

        [LoggerMessage(EventId = 3206, Level = LogLevel.Warning,
            Message = "Check of payment leases failed ({Error}); retrying in the next period.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
