using System.CommandLine;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.OrderApi.Ops.DeadLetters;

namespace OrderSystem.OrderApi.Ops;

/// <summary>
/// The same operations as a command line. It needs the connection strings and no running service. Exit codes: 0 done, 1 the answer is no
/// (no such letter, a replay that failed again, a disagreement), 2 it could not be done.
/// </summary>
internal static class OpsCommands
{
    private const string Database = "orders";

    internal static bool Are(string[] args) => args is ["dead-letters" or "audit" or RedriveCommand.Verb, ..];

    internal static async Task<int> RunAsync(IConfiguration configuration, string[] args)
    {
        var root = new RootCommand("Orders over HTTP, and the commands of operators.")
        {
            DeadLetterCommands.Create(configuration, Database),
            AuditCommand.Create(configuration, Database),
            RedriveCommand.Create(configuration, Database, Topology.Orders),
        };
        var parsed = root.Parse(args);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        return parsed.Errors.Count > 0 ? OpsExitCode.Failed : exitCode;
    }
}
