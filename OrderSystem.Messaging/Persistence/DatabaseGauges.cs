using Microsoft.Extensions.Logging;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Gauges that are one row of one query. Its cost must not grow with the tables: it runs every ten seconds.</summary>
/// <typeparam name="TSample">What is measured at once.</typeparam>
public abstract class DatabaseGauges<TSample>(NpgsqlDataSource database, string query, TimeProvider time, ILogger logger) : SampledGauges<TSample>(time, logger)
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
