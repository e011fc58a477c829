using Microsoft.Extensions.Logging;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Gauges from one row of one query, sampled every ten seconds: its cost must not grow with the tables.</summary>
/// <typeparam name="TSample">What one sample measures.</typeparam>
public abstract class DatabaseGauges<TSample>(NpgsqlDataSource database, string query, TimeProvider time, ILogger logger)
    : SampledGauges<TSample>(time, logger)
    where TSample : class
{
    /// <summary>Reads the row.</summary>
    protected abstract TSample Read(NpgsqlDataReader row);

    /// <inheritdoc/>
    protected sealed override async Task<TSample?> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(query);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Read(reader);
    }
}
