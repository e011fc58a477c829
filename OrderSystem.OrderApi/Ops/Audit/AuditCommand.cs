using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Worker;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary><c>audit</c>. Exit codes: 0 every check agrees, 1 at least one disagrees, 2 none disagrees but not all could be made.</summary>
internal static class AuditCommand
{
    private static readonly Option<string> Grace = new("--grace")
    {
        Description = "Ignore orders that changed within this time, which may be in progress: seconds or hh:mm:ss.",
        DefaultValueFactory = _ => "30",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    internal static Command Create(IConfiguration configuration, string database)
    {
        var audit = new Command(
            "audit", "Compares the orders with their events, streams, payments and the provider's ledger.") { Grace, Json };
        audit.SetAction((arguments, token) => OpsConnections.RunAsync(
            configuration, database, connections => RunAsync(connections, configuration, arguments, token)));
        return audit;
    }

    private static async Task<int> RunAsync(
        OpsConnections connections, IConfiguration configuration, ParseResult arguments, CancellationToken cancellationToken)
    {
        if (!AuditApi.TryReadGrace(arguments.GetValue(Grace)!, out var grace))
            throw new OpsException("--grace must be seconds or hh:mm:ss, at most a day.");
        var (options, worker) =
            (Read<AuditOptions>(configuration, AuditOptions.Section), Read<WorkerOptions>(configuration, WorkerOptions.Section));
        var auditor = new Auditor(connections.Database, connections.JetStream, Connect, Options.Create(options), Options.Create(worker));
        var report = await auditor.RunAsync(grace, cancellationToken);
        await (arguments.GetValue(Json) ? Output.JsonAsync(report, AuditReportJson.Default) : PrintAsync(report));
        return (int)report.Verdict;

        HttpClient Connect() => new(new WorkerAccess(() => worker, caller: null) { InnerHandler = new HttpClientHandler() })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    private static TOptions Read<TOptions>(IConfiguration configuration, string section)
        where TOptions : class, new()
    {
        var options = configuration.GetSection(section).Get<TOptions>() ?? new TOptions();
        var problems = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true)
            ? options
            : throw new OpsException(string.Join(' ', problems.Select(problem => problem.ErrorMessage)));
    }

    private static async Task PrintAsync(AuditReport report)
    {
        await Output.TableAsync(
            ["", "RESULT", "CHECK"],
            report.Checks.Select(check => new[]
            {
                check.Invariant, Describe(check), check.Why is null ? check.Check : $"{check.Check} ({check.Why})",
            }));
        foreach (var check in report.Checks.Where(check => check.Verdict == AuditVerdict.Disagrees))
        {
            await Console.Out.WriteLineAsync($"\n{check.Invariant} {check.Check}: {check.Disagreements} disagree");
            foreach (var example in check.Examples)
                await Console.Out.WriteLineAsync($"  {example.Subject} {example.What}");
        }

        await Console.Out.WriteLineAsync($"\n{report.Orders} orders: {report.Verdict switch
        {
            AuditVerdict.Agrees => "everything agrees.",
            AuditVerdict.Disagrees => "something disagrees.",
            _ => "not everything could be checked.",
        }}");
    }

    private static string Describe(AuditFinding check) => check.Verdict switch
    {
        AuditVerdict.Agrees => "ok",
        AuditVerdict.Disagrees => $"{check.Disagreements} DISAGREE",
        _ => "not checked",
    };
}
