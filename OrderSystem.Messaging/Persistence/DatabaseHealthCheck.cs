using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Inserts a row and rolls it back: a read-only standby and a full disk still answer reads.</summary>
internal sealed class DatabaseHealthCheck(NpgsqlDataSource database) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        try
        {
            await using var connection = await database.OpenConnectionAsync(deadline.Token);
            await using var transaction = await connection.BeginTransactionAsync(deadline.Token);
            await using var command = new NpgsqlCommand(
                "INSERT INTO deliveries (consumer, event_id, count) VALUES ('health check', gen_random_uuid(), 0)",
                connection, transaction);
            await command.ExecuteNonQueryAsync(deadline.Token);
            await transaction.RollbackAsync(deadline.Token);
            return HealthCheckResult.Healthy();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"PostgreSQL did not answer within {Timeout.TotalSeconds:0} s");
        }
        catch (NpgsqlException failure)
        {
            database.ClearUnfitSessions(failure);
            return HealthCheckResult.Unhealthy(failure.Message);
        }
    }
}
