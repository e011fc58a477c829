using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrderSystem.Messaging.Operations;

/// <summary><c>redrive</c>: the same as a command line. It needs the connection strings and no running service.</summary>
public static class RedriveCommand
{
    /// <summary>The first argument of the command line.</summary>
    public const string Verb = "redrive";

    private static readonly Option<DateTimeOffset?> Since = new("--since") { Description = "Events since this time." };
    private static readonly Option<Guid?> Order = new("--order") { Description = "Events of this order." };
    private static readonly Option<bool> Missing = new("--missing") { Description = "Events that JetStream lacks, although they are younger than what it keeps." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Count them, and send nothing." };
    private static readonly Option<double> Rate = new("--rate") { Description = "Events a second.", DefaultValueFactory = _ => RedriveRequest.DefaultRate };
    private static readonly Option<int> Limit = new("--limit") { Description = "Events at most.", DefaultValueFactory = _ => RedriveRequest.DefaultLimit };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    /// <summary>Makes the command.</summary>
    /// <param name="configuration">Holds the connection strings.</param>
    /// <param name="databaseName">Name of that of the service's own database.</param>
    /// <param name="stream">The stream that the service's events go to.</param>
    public static Command Create(IConfiguration configuration, string databaseName, string stream)
    {
        var command = new Command(Verb, $"Sends events of the ledger to {stream} again, under new message ids. The running relays publish them.")
        {
            Since, Order, Missing, DryRun, Rate, Limit, Json,
        };
        command.SetAction((arguments, token) => OpsConnections.RunAsync(configuration, databaseName, connections => RunAsync(connections, stream, arguments, token)));
        return command;
    }

    private static async Task<int> RunAsync(OpsConnections connections, string stream, ParseResult arguments, CancellationToken cancellationToken)
    {
        var request = new RedriveRequest(
            arguments.GetValue(Since), arguments.GetValue(Order), arguments.GetValue(Missing), arguments.GetValue(DryRun), arguments.GetValue(Rate), arguments.GetValue(Limit));
        if (request.Validate() is { Count: > 0 } errors)
            throw new OpsException(string.Join(' ', errors.Select(error => $"--{error.Key} {error.Value[0]}.")));
        var redriver = new Redriver(connections.Database, connections.JetStream, stream, TimeProvider.System, NullLogger<Redriver>.Instance);
        var report = await redriver.RunAsync(request, Operator.OfThisProcess, cancellationToken)
            ?? throw new OpsException("Another re-drive of this service is under way. Wait until it has ended.");
        await Console.Out.WriteLineAsync(
            arguments.GetValue(Json) ? JsonSerializer.Serialize(report, RedriveJson.Default.RedriveReport)
            : report.DryRun ? $"{report.Found} events would be sent again."
            : $"{report.Redriven} of {report.Found} events are sent again.");
        if (report.Stopped is { } why)
            await Console.Error.WriteLineAsync($"Stopped: {why}.");
        return report.Found == 0 && request.OrderId is not null ? OpsExitCode.No : OpsExitCode.Done;
    }
}
