using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Self;

/// <summary>Everything in one run on one machine: yardstick, the whole system under each kind of load, audit, yardstick again.</summary>
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
                Settings = Runs.Describe(options),
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
        using var runner = new PhaseRunner(system.Api, system.Token, options.Mix, system.OrdersDatabase, system.Processes, options.Settle, time);
        await runner.WarmUpAsync(options.Connections, options.WarmUp, cancellationToken);

        var phases = new List<PhaseReport>();
        foreach (var (plan, latency) in Plans(options).Where(planned => options.Phases.Count == 0 || options.Phases.Contains(planned.Plan.Name)))
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

    /// <summary>The worker is away until so many orders wait; then it has to catch up with them while others come.</summary>
    private static async Task<PhaseReport> OutageAsync(RunOptions options, LocalSystem system, PhaseRunner runner, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"outage: the worker is stopped, {options.Backlog} orders come");
        await system.StopWorkerAsync();
        await runner.FillAsync(options.Connections, options.Backlog, cancellationToken);
        await system.StartWorkerAsync(cancellationToken);
        var rate = options.Rate ?? SteadyRate;
        return await runner.RunAsync(
            new(Figures.Backlog, $"open loop, {rate:0} orders/s, after an outage of the worker, with {options.Backlog} orders waiting", rate, options.Connections, options.Duration),
            cancellationToken);
    }

    /// <summary>After the audit, which would ask the provider for orders that it never saw.</summary>
    private static async Task<PhaseReport> StoredAsync(RunOptions options, PostgresServer postgres, PhaseRunner runner, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"writing {options.Stored} paid orders");
        await StoredOrders.WriteAsync(postgres, options.Stored, cancellationToken);
        return await runner.RunAsync(
            new(Figures.Stored, $"closed loop, {options.Connections} connections, provider answers at once, {options.Stored} orders stored", Rate: null, options.Connections, options.Duration),
            cancellationToken);
    }

    private static async Task<double> PickAsync(PostgresServer postgres, int waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"writing {waiting} events that wait for a relay");
        var milliseconds = await RelayPick.MeasureAsync(postgres, waiting, time, cancellationToken);
        await Console.Out.WriteLineAsync($"relay: takes 100 of them in {milliseconds:0.0} ms");
        return milliseconds;
    }

    private static IEnumerable<(PhasePlan Plan, TimeSpan ProviderLatency)> Plans(RunOptions options)
    {
        var rate = options.Rate ?? SteadyRate;
        yield return (new(Figures.Saturation, $"closed loop, {options.Connections} connections, provider answers at once", Rate: null, options.Connections, options.Duration), TimeSpan.Zero);
        yield return (new(Figures.SlowProvider, $"closed loop, {options.Connections} connections, provider takes 20 ms", Rate: null, options.Connections, options.Duration), SlowProvider);
        yield return (new(Figures.Steady, $"open loop, {rate:0} orders/s, provider answers at once", rate, options.Connections, options.Duration), TimeSpan.Zero);
    }

    private static async Task<double> MeasureAsync(Yardstick yardstick, string folder, CancellationToken cancellationToken)
    {
        var perSecond = await yardstick.MeasureAsync(folder, cancellationToken);
        await Console.Out.WriteLineAsync($"yardstick: {perSecond:0}/s");
        return perSecond;
    }
}
