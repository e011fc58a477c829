using System.CommandLine;
using System.Globalization;
using Npgsql;
using OrderSystem.Messaging.Operations;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary><c>payments reconcile --file report.csv</c>.</summary>
internal static class ReconcileCommand
{
    private static readonly Option<string> File = new("--file")
    {
        Description = "The provider's settlement report, as CSV.",
        Required = true,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    internal static Command Create(IHostApplicationBuilder builder, string databaseName)
    {
        var reconcile = new Command("reconcile", "Compares a settlement report of the provider with the payments and refunds.")
        {
            File, Json,
        };
        reconcile.SetAction((arguments, token) => OpsConnections.RunWithDatabaseAsync(
            builder.Configuration, databaseName, database => RunAsync(builder, database, arguments, token)));
        return reconcile;
    }

    private static async Task<int> RunAsync(
        IHostApplicationBuilder builder, NpgsqlDataSource database, ParseResult arguments, CancellationToken token)
    {
        builder.Logging.ClearProviders();
        builder.AddReconciliation();
        builder.Services.AddSingleton(database);
        await using var services = builder.Services.BuildServiceProvider();
        var result = await RunAsync(services.GetRequiredService<Reconciler>(), arguments.GetValue(File)!, token);
        if (arguments.GetValue(Json))
            await Output.JsonAsync(result, ReconciliationJson.Default);
        else
            await PrintAsync(result);
        return result.Total == 0 ? OpsExitCode.Done : OpsExitCode.No;
    }

    private static async Task<ReconciliationResult> RunAsync(Reconciler reconciler, string path, CancellationToken token)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 4096, useAsync: true);
            return await reconciler.RunAsync(file, Operator.OfThisProcess, token)
                ?? throw new OpsException("Another reconciliation is running; retry when it has finished.");
        }
        catch (Exception failure) when (failure is ReportException or IOException or UnauthorizedAccessException)
        {
            throw new OpsException(failure.Message);
        }
    }

    private static async Task PrintAsync(ReconciliationResult result)
    {
        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"Reconciliation {result.Id}: {result.Charges} charges and {result.Refunds} refunds from {Output.Text(result.From)} to "
                + $"{Output.Text(result.To)}, {result.Ignored} other rows."));
        await Output.TableAsync(
            ["FEES", "SUM"],
            result.Fees.Select(fee => new[] { fee.Key, fee.Value.ToString(CultureInfo.InvariantCulture) }));
        if (result.Total == 0)
        {
            await Console.Out.WriteLineAsync("The report and the payments agree.");
            return;
        }

        await Output.TableAsync(
            ["FINDING", "NUMBER"],
            result.Findings.Select(found => new[] { found.Key, found.Value.ToString(CultureInfo.InvariantCulture) }));
        await Console.Out.WriteLineAsync($"GET /ops/reconciliations/{result.Id} of a worker lists them.");
    }
}
