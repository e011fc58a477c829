using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Phases;
using OrderSystem.LoadTest.Report;
using OrderSystem.LoadTest.Runs;

namespace OrderSystem.LoadTest.Self;

/// <summary>A run with the whole system on one machine: yardstick, all phases, audit, yardstick again.</summary>
internal static class SelfRun
{
    private const double SteadyRate = 1_000;
    private static readonly TimeSpan SlowProvider = TimeSpan.FromMilliseconds(20);

    internal static async Task<RunReport> RunAsync(RunOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        var folder = Path.Combine(options.Data, $"ordersystem-load-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            await using var postgres = await PostgresServer.StartAsync(folder);
            var server = await postgres.DescribeAsync(cancellationToken);
            var yardstick = new Yardstick(postgres, options.Yardstick, time);
            var published = await PublishRate.MeasureAsync(folder, time, cancellationToken);
            await Console.Out.WriteLineAsync($"NATS client: {published:0} publishes/s");
            var before = await MeasureAsync(yardstick, folder, cancellationToken);
            var (phases, audit) = await LoadAsync(options, postgres, folder, time, cancellationToken);
            double? pick = options.Waiting == 0 ? null : await PickAsync(postgres, options.Waiting, time, cancellationToken);
            var after = await MeasureAsync(yardstick, folder, cancellationToken);
            return new RunReport
            {
                StartedAt = startedAt,
                Version = Machine.Version,
                Machine = Machine.Describe(),
                Settings = options.Describe(),
                Yardstick = new(Yardstick.Tool, server, Yardstick.Clients, before, after),
                PublishesPerSecond = published,
                RelayPick = pick,
                Phases = phases,
                Audit = audit.Verdict,
                AuditFindings = audit.Findings,
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(IReadOnlyList<PhaseReport> Phases, AuditOutcome Audit)> LoadAsync(
        RunOptions options, PostgresServer postgres, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var system = await LocalSystem.StartAsync(postgres, folder, options, time, cancellationToken);
        using var runner = new PhaseRunner(
            system.Api, system.Token, options.Mix, system.OrdersDatabase, system.Processes, options.Settle, time);
        await runner.WarmUpAsync(options.Connections, options.WarmUp, cancellationToken);

        var phases = new List<PhaseReport>();
        var chosen = Plans(options).Where(planned => options.Phases.Count == 0 || options.Phases.Contains(planned.Plan.Name));
        foreach (var (plan, latency) in chosen)
        {
            await system.SetProviderLatencyAsync(latency, cancellationToken);
            phases.Add(await runner.RunAsync(plan, cancellationToken));
        }

        if (options.Backlog > 0)
            phases.Add(await OutageAsync(options, system, runner, cancellationToken));
        var audit = await runner.AuditAsync(cancellationToken);
        if (options.Stored > 0)
            phases.Add(await StoredAsync(options, postgres, runner, cancellationToken));
        return (phases, audit);
    }

    /// <summary>The worker is down until the backlog has this size; after its restart it catches up while orders arrive.</summary>
    private static async Task<PhaseReport> OutageAsync(
        RunOptions options, LocalSystem system, PhaseRunner runner, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"outage: worker stopped, placing {options.Backlog} orders");
        await system.StopWorkerAsync();
        await runner.FillAsync(options.Connections, options.Backlog, cancellationToken);
        await system.StartWorkerAsync(cancellationToken);
        var rate = options.Rate ?? SteadyRate;
        var title = $"open loop, {rate:0} orders/s, after an outage of the worker, with {options.Backlog} orders waiting";
        return await runner.RunAsync(new(Figures.Backlog, title, rate, options.Connections, options.Duration), cancellationToken);
    }

    /// <summary>After the audit, because the provider does not know these orders.</summary>
    private static async Task<PhaseReport> StoredAsync(
        RunOptions options, PostgresServer postgres, PhaseRunner runner, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"writing {options.Stored} paid orders");
        await StoredOrders.WriteAsync(postgres, options.Stored, cancellationToken);
        var title = $"closed loop, {options.Connections} connections, provider without latency, {options.Stored} orders stored";
        return await runner.RunAsync(new(Figures.Stored, title, Rate: null, options.Connections, options.Duration), cancellationToken);
    }

    private static async Task<double> PickAsync(
        PostgresServer postgres, int waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"writing {waiting} events into the outbox");
        var milliseconds = await RelayPick.MeasureAsync(postgres, waiting, time, cancellationToken);
        await Console.Out.WriteLineAsync($"relay: claims 100 of them in {milliseconds:0.0} ms");
        return milliseconds;
    }

    private static IEnumerable<(PhasePlan Plan, TimeSpan ProviderLatency)> Plans(RunOptions options)
    {
        var steady = options.Rate ?? SteadyRate;
        var closed = $"closed loop, {options.Connections} connections";
        yield return (Plan(Figures.Saturation, $"{closed}, provider without latency", rate: null), TimeSpan.Zero);
        yield return (Plan(Figures.SlowProvider, $"{closed}, provider takes 20 ms", rate: null), SlowProvider);
        yield return (Plan(Figures.Steady, $"open loop, {steady:0} orders/s, provider without latency", steady), TimeSpan.Zero);

        PhasePlan Plan(string name, string title, double? rate) => new(name, title, rate, options.Connections, options.Duration);
    }

    private static async Task<double> MeasureAsync(Yardstick yardstick, string folder, CancellationToken cancellationToken)
    {
        var perSecond = await yardstick.MeasureAsync(folder, cancellationToken);
        await Console.Out.WriteLineAsync($"yardstick: {perSecond:0}/s");
        return perSecond;
    }
}
