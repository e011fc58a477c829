using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Ops.Payments;
using OrderSystem.PaymentWorker.Ops.Reconciliation;
using System.CommandLine;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>
/// The operator commands. They need the connection strings, to call the provider also <c>Payments__*</c>, and no running service. Exit
/// codes: 0 success, 1 negative result (no such payment, or it was not changed), 2 failure.
/// </summary>
internal static class OpsCommands
{
    private const string Database = "payments";

    internal static bool Are(string[] args) => args is [PaymentCommands.Verb or RedriveCommand.Verb, ..];

    internal static async Task<int> RunAsync(IHostApplicationBuilder builder, string[] args)
    {
        var payments = PaymentCommands.Create(builder, Database);
        payments.Add(ReconcileCommand.Create(builder, Database));
        var root = new RootCommand("Operator commands of the payment worker.")
        {
            payments,
            RedriveCommand.Create(builder.Configuration, Database, Topology.Payments),
        };
        var parsed = root.Parse(args);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        return parsed.Errors.Count > 0 ? OpsExitCode.Failed : exitCode;
    }
}
