using System.CommandLine;
using NATS.Client.Core;
using Npgsql;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.OrderApi.Ops.DeadLetters;

namespace OrderSystem.OrderApi.Ops.Commands;

/// <summary>
/// The same operations as a command line. It needs the connection strings and no running service. Exit codes: 0 done, 1 the answer is no
/// (no such letter, a replay that failed again, a disagreement), 2 it could not be done.
/// </summary>
internal static class OpsCommands
{
    internal const int Done = 0;
    internal const int No = 1;
    internal const int Failed = 2;

    internal static bool Are(string[] args) => args is ["dead-letters" or "audit", ..];

    internal static async Task<int> RunAsync(IConfiguration configuration, string[] args)
    {
        var root = new RootCommand("Orders over HTTP, and what operators do with them.") 
        {
            DeadLetterCommands.Create(configuration),
            AuditCommand.Create(configuration),
        };
        var parsed = root.Parse(args);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        return parsed.Errors.Count > 0 ? Failed : exitCode;
    }

    /// <summary>Runs a command with connections of its own, and says in one line what kept it from being done.</summary>
    internal static async Task<int> WithConnectionsAsync(IConfiguration configuration, Func<OpsConnections, Task<int>> command)
    {
        try
        {
            await using var connections = await OpsConnections.OpenAsync(configuration);
            return await command(connections);
        }
        catch (Exception failure) when (failure is NatsException or NpgsqlException or ArgumentException or OpsException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(failure is OperationCanceledException ? "cancelled" : failure.Message);
            return Failed;
        }
    }
}

/// <summary>Why a command cannot be done, and what to do about it.</summary>
internal sealed class OpsException(string message) : Exception(message);
