using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>Compares a settlement report of the provider with the payments and refunds of this database.</summary>
internal sealed partial class Reconciler(
    NpgsqlDataSource database, IOptions<ReconciliationOptions> options, IConfiguration configuration, ILogger<Reconciler> logger)
{
    /// <returns>Null when another reconciliation is running.</returns>
    /// <exception cref="ReportException">The report cannot be read; nothing is stored.</exception>
    internal async Task<ReconciliationResult?> RunAsync(Stream report, Operator by, CancellationToken cancellationToken)
    {
        // By the bare setting: a reconciliation calls no provider, and needs no credentials of one.
        var provider = new GatewayOptions { Provider = configuration[$"{GatewayOptions.Section}:Provider"] ?? "http" };
        var reader = new ReportReader(ReportFormat.Of(provider.IsStripe, options.Value.Columns), options.Value);
        await using var table = await ReportTable.TryCreateAsync(database, cancellationToken);
        if (table is null)
            return null;
        await table.FillAsync(reader.ReadAsync(report, cancellationToken), cancellationToken);
        var id = await Comparison.RunAsync(
            table.Session, options.Value.Margin, $"{by}", provider.Provider, reader.Ignored, cancellationToken);
        var result = (await ReconciliationResult.FindAsync(table.Session, id, cancellationToken))!;
        if (result.Total > 0)
            Log.Findings(logger, result.Total, id);
        return result;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3501, Level = LogLevel.Error,
            Message = "Reconciliation {Reconciliation} has {Findings} findings; GET /ops/reconciliations/{Reconciliation} lists them.")]
        internal static partial void Findings(ILogger logger, long findings, long reconciliation);
    }
}
