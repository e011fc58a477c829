using Microsoft.Extensions.Options;
using NATS.Client.JetStream;
using Npgsql;
using OrderSystem.OrderApi.Ops.Worker;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>Compares both databases, the streams and the provider's ledger with each other.</summary>
internal sealed class Auditor(
    NpgsqlDataSource database, INatsJSContext jetStream, Func<HttpClient> connect,
    IOptions<AuditOptions> options, IOptions<WorkerOptions> worker)
{
    internal const int MaxExamples = 20;

    internal static TimeSpan DefaultGrace { get; } = TimeSpan.FromSeconds(30);

    internal async Task<AuditReport> RunAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        await using var tables = await AuditTables.CreateAsync(database, cancellationToken);
        var started = await tables.NowAsync(cancellationToken);
        using var http = connect();
        var load = new AuditLoad(tables, jetStream, http, options.Value, worker.Value);
        await load.RunAsync(cancellationToken);

        var findings = new List<AuditFinding>();
        foreach (var check in AuditChecks.All)
        {
            if (load.WhyNot(check.Needs) is { } why)
            {
                findings.Add(new(check.Invariant, check.Text, AuditVerdict.NotChecked, 0, [], why));
                continue;
            }

            var (count, first) = await tables.RunAsync(check, started - grace, MaxExamples, cancellationToken);
            findings.Add(
                new(check.Invariant, check.Text, count == 0 ? AuditVerdict.Agrees : AuditVerdict.Disagrees, count, first, Why: null));
        }

        return new(
            AuditReport.Worst(findings.Select(finding => finding.Verdict)), started, grace,
            await tables.CountOrdersAsync(cancellationToken), findings);
    }
}
