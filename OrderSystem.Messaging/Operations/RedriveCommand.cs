using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrderSystem.Messaging.Operations;

/// <summary>The command <c>redrive</c>. It needs the connection strings and no running service.</summary>
public static class RedriveCommand
{
    /// <summary>The first argument of the command line.</summary>
    public const string Verb = "redrive";

    private static readonly Option<DateTimeOffset?> Since = new("--since") { Description = "Events since this time." };
    private static readonly Option<Guid?> Order = new("--order") { Description = "Events of this order." };
    private static readonly Option<bool> Missing = new("--missing")
    {
        Description = "Events that are missing from JetStream although they are within its retention.",
    };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Count the events without re-driving them." };
    private static readonly Option<double> Rate = new("--rate")
    {
        Description = "Events per second.",
        DefaultValueFactory = _ => RedriveRequest.DefaultRate,
    };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Maximum number of events.",
        DefaultValueFactory = _ => RedriveRequest.DefaultLimit,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    /// <summary>Creates the command.</summary>
    /// <param name="configuration">Holds the connection strings.</param>
    /// <param name="databaseName">Name of the connection string of the service's own database.</param>
    /// <param name="stream">The stream of the service's events.</param>
    public static Command Create(IConfiguration configuration, string databaseName, string stream)
    {
        var command = new Command(Verb, $"Re-drives ledger events to {stream} under new message ids. The running relays publish them.")
        {
            Since, Order, Missing, DryRun, Rate, Limit, Json,
        };
        command.SetAction((arguments, token) => OpsConnections.RunAsync(
            configuration, databaseName, connections => RunAsync(connections, stream, arguments, token)));
        return command;
    }

    private static async Task<int> RunAsync(
        OpsConnections connections, string stream, ParseResult arguments, CancellationToken cancellationToken)
    {
        var request = new RedriveRequest(
            arguments.GetValue(Since), arguments.GetValue(Order), arguments.GetValue(Missing), arguments.GetValue(DryRun),
            arguments.GetValue(Rate), arguments.GetValue(Limit));
        if (request.Validate() is { Count: > 0 } errors)
            throw new OpsException(string.Join(' ', errors.Select(error => $"--{error.Key} {error.Value[0]}.")));
        var redriver = new Redriver(
            connections.Database, connections.JetStream, stream, TimeProvider.System, NullLogger<Redriver>.Instance);
        var report = await redriver.RunAsync(request, Operator.OfThisProcess, cancellationToken)
            ?? throw new OpsException("Another re-drive of this service is running; retry when it has finished.");
        await Console.Out.WriteLineAsync(
            arguments.GetValue(Json) ? JsonSerializer.Serialize(report, RedriveJson.Default.RedriveReport)
            : report.DryRun ? $"{report.Found} events would be re-driven."
            : $"{report.Redriven} of {report.Found} events are queued; the relays publish them.");
        if (report.Stopped is { } why)
            await Console.Error.WriteLineAsync($"Stopped: {why}.");
        return report.Found == 0 && request.OrderId is not null ? OpsExitCode.No : OpsExitCode.Done;
    }
}
