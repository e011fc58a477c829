using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest;

/// <summary>A run against an address.</summary>
internal static class Runs
{
    internal static async Task<RunReport> RunAsync(Uri url, RunOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        ProcessTree[] watched = [.. options.Watched.Select(process => new ProcessTree(process.Key, process.Value)), .. Generator()];
        using var runner = new PhaseRunner(url, options.Token, options.Mix, options.Database, watched, options.Settle, time);
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
            Settings = Describe(options),
            Phases = [phase],
            Audit = audit.Verdict,
            AuditFindings = audit.Findings,
        };
    }

    internal static IReadOnlyDictionary<string, string> Describe(RunOptions options)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["url"] = options.Url?.ToString() ?? "--self",
            ["seconds"] = $"{options.Duration.TotalSeconds:0}",
            ["warm-up"] = $"{options.WarmUp.TotalSeconds:0}",
            ["connections"] = $"{options.Connections}",
            ["backlog"] = $"{options.Backlog}",
            ["stored"] = $"{options.Stored}",
            ["waiting"] = $"{options.Waiting}",
            ["mix"] = options.Mix.ToString(),
        };
        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        return settings;
    }

    /// <summary>Only Linux says in /proc what a process uses.</summary>
    private static IEnumerable<ProcessTree> Generator() => OperatingSystem.IsLinux() ? [new(Figures.LoadGenerator, Environment.ProcessId, IsAlone: true)] : [];
}
