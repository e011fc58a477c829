using Npgsql;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Keeps the leases and waits of payments at their length when the database's clock is set back: a payment that was changed in the future shows by how
/// much. Without this it would wait for the old time to come again.
/// </summary>
internal sealed partial class LeaseRepair(NpgsqlDataSource database, TimeProvider time, ILogger<LeaseRepair> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>The minute is more than a transaction may last: the time of one that began earlier and ended later is no sign of a clock that was set.</summary>
    private const string Sql = """
        UPDATE payments SET lease_until = lease_until - (updated_at - now()), updated_at = now()
        WHERE status IN ('charging', 'unknown', 'refunding') AND lease_until > now() + interval '1 minute' AND updated_at > now() + interval '1 minute';
        UPDATE payments SET updated_at = now() WHERE status = 'review' AND updated_at > now() + interval '1 minute';
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var command = database.CreateCommand(Sql);
                if (await command.ExecuteNonQueryAsync(stoppingToken) is > 0 and var payments)
                    Log.SetBack(logger, payments);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3205, Level = LogLevel.Warning, Message = "Clock of the database was set back: the waits of {Payments} payments are moved with it.")]
        internal static partial void SetBack(ILogger logger, int payments);

        [LoggerMessage(EventId = 3206, Level = LogLevel.Warning, Message = "Leases of payments could not be looked at ({Error}); it is tried again.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
