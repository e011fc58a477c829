using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Phases;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Runs;

/// <summary>A run against an address.</summary>
internal static class UrlRun
{
    internal static async Task<RunReport> RunAsync(Uri url, RunOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        ProcessTree[] watched = [.. options.Watched.Select(process => new ProcessTree(process.Key, process.Value)), .. Generator()];
        using var runner = new PhaseRunner(
            url, options.Token, options.Mix, options.Database, watched, telemetry: null, volumes: null, options.Settle, time);
        await runner.WarmUpAsync(options.Connections, options.WarmUp, cancellationToken);
        var plan = options.Rate is { } rate
            ? new PhasePlan("open", $"open loop, {rate:0.##} orders/s", rate, options.Connections, options.Duration)
            : new PhasePlan("closed", $"closed loop, {options.Connections} connections", Rate: null, options.Connections, options.Duration);
        var phase = await runner.RunAsync(plan, cancellationToken);
        var audit = await runner.AuditAsync(cancellationToken);
        return new RunReport
        {
            StartedAt = startedAt,
            Version = Machine.Version,
            Machine = Machine.Describe(),
            Settings = options.Describe(),
            Phases = [phase],
            Audit = audit.Verdict,
            AuditFindings = audit.Findings,
        };
    }

    // /proc exists on Linux only.
    private static IEnumerable<ProcessTree> Generator() =>
        OperatingSystem.IsLinux() ? [new(Figures.LoadGenerator, Environment.ProcessId, IsAlone: true)] : [];
}
