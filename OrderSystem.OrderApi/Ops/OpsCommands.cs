using System.CommandLine;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.OrderApi.Ops.DeadLetters;

namespace OrderSystem.OrderApi.Ops;

/// <summary>
/// The operator commands. They need the connection strings and no running service. Exit codes: 0 success, 1 negative result (no such dead
/// letter, a replay that failed again, an audit that disagrees), 2 failure.
/// </summary>
internal static class OpsCommands
{
    private const string Database = "orders";

    internal static bool Are(string[] args) => args is ["dead-letters" or "audit" or RedriveCommand.Verb, ..];

    internal static async Task<int> RunAsync(IConfiguration configuration, string[] args)
    {
        var root = new RootCommand("Operator commands of the order API.")
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
