using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Ops.Payments;
using System.CommandLine;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>
/// The same operations as a command line. It needs the connection strings, to ask the provider also <c>Payments__*</c>, and no running service.
/// Exit codes: 0 done, 1 the answer is no (no such payment, one that was not changed), 2 it could not be done.
/// </summary>
internal static class OpsCommands
{
    private const string Database = "payments";

    internal static bool Are(string[] args) => args is [PaymentCommands.Verb or RedriveCommand.Verb, ..];

    internal static async Task<int> RunAsync(IHostApplicationBuilder builder, string[] args)
    {
        var root = new RootCommand("Payments of orders, and what operators do with them.")
        {
            PaymentCommands.Create(builder, Database),
            RedriveCommand.Create(builder.Configuration, Database, Topology.Payments),
        };
        var parsed = root.Parse(args);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        return parsed.Errors.Count > 0 ? OpsExitCode.Failed : exitCode;
    }
}
