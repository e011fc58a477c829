using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Phases;
using OrderSystem.LoadTest.Report;
using OrderSystem.LoadTest.Runs;

namespace OrderSystem.LoadTest.Self;

/// <summary>A run with the whole system on one machine: yardstick, all phases, audit, variants of the system, yardstick again.</summary>
internal static class SelfRun
{
    private const double HighestSteadyRate = 1_000;
    private static readonly TimeSpan SlowProvider = TimeSpan.FromMilliseconds(20);

    internal static async Task<RunReport> RunAsync(RunOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        await PublishedServices.PublishAsync(cancellationToken);
        var startedAt = time.GetUtcNow();
        var folder = Path.Combine(options.Data, $"ordersystem-load-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            await using var postgres = await PostgresServer.StartAsync(folder);
            await using var telemetry = await OtlpSink.StartAsync(cancellationToken);
            var server = await postgres.DescribeAsync(cancellationToken);
            var yardstick = new Yardstick(postgres, options.Yardstick, time);
            var published = await PublishAsync(folder, syncsAlways: false, time, cancellationToken);
            double? synced = SyncsToo(options) ? await PublishAsync(folder, syncsAlways: true, time, cancellationToken) : null;
            var before = await MeasureAsync(yardstick, folder, cancellationToken);
            var (phases, audit) = await LoadAsync(options, postgres, telemetry, folder, time, cancellationToken);
            double? pick = options.Waiting == 0 ? null : await PickAsync(postgres, options.Waiting, time, cancellationToken);
            foreach (var (name, title, variant) in Variants(options, telemetry))
                phases.Add(await VariantAsync(name, title, variant, options, postgres, folder, time, cancellationToken));
            var after = await MeasureAsync(yardstick, folder, cancellationToken);
            return new RunReport
            {
                StartedAt = startedAt,
                Version = Machine.Version,
                Machine = Machine.Describe(),
                Settings = options.Describe(),
                Yardstick = new(
                    Yardstick.Tool, server, Yardstick.Clients, before.PerSecond, after.PerSecond,
                    (before.CpuPerOrder + after.CpuPerOrder) / 2, (before.CommitMilliseconds + after.CommitMilliseconds) / 2),
                PublishesPerSecond = published,
                SyncedPublishesPerSecond = synced,
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

    private static async Task<(List<PhaseReport> Phases, AuditOutcome Audit)> LoadAsync(
        RunOptions options, PostgresServer postgres, OtlpSink telemetry, string folder, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using var system = await LocalSystem.StartAsync(
            postgres, Path.Combine(folder, "system"), new(telemetry), options, time, cancellationToken);
        using var runner = new PhaseRunner(
            system.Api, system.Token, options.Mix, system.OrdersDatabase, system.Processes, telemetry, system.Volumes,
            options.Settle, time);
        var phases = new List<PhaseReport>();
        if (IsChosen(options, Figures.Cold))
        {
            var title = $"{Closed(options)}, from the start of the processes on";
            phases.Add(await runner.RunAsync(
                new(Figures.Cold, title, Rate: null, options.Connections, options.Cold), cancellationToken));
        }

        await runner.WarmUpAsync(options.Connections, options.WarmUp, cancellationToken);
        if (IsChosen(options, Figures.Saturation))
            phases.Add(await runner.RunAsync(Saturation(options, Figures.Saturation, "provider without latency"), cancellationToken));
        if (IsChosen(options, Figures.SlowProvider))
        {
            await system.SetProviderLatencyAsync(SlowProvider, cancellationToken);
            phases.Add(await runner.RunAsync(Saturation(options, Figures.SlowProvider, "provider takes 20 ms"), cancellationToken));
            await system.SetProviderLatencyAsync(TimeSpan.Zero, cancellationToken);
        }

        var rate = options.Rate ?? SteadyRate(phases);
        if (IsChosen(options, Figures.Steady))
        {
            var title = $"open loop, {rate:0} orders/s, provider without latency";
            phases.Add(await runner.RunAsync(new(Figures.Steady, title, rate, options.Connections, options.Duration), cancellationToken));
        }

        if (options.Phases.Contains(Figures.Webhooks))
            phases.Add(await FloodAsync(options, rate, system, runner, time, cancellationToken));
        if (options.Backlog > 0)
            phases.Add(await OutageAsync(options, rate, system, runner, cancellationToken));
        var audit = await runner.AuditAsync(cancellationToken);
        if (options.Stored > 0)
            phases.Add(await StoredAsync(options, postgres, runner, cancellationToken));
        return (phases, audit);
    }

    /// <summary>A load that the machine can carry: a slow one would otherwise be measured at its saturation.</summary>
    private static double SteadyRate(List<PhaseReport> phases) =>
        Math.Min(HighestSteadyRate, (phases.Find(phase => phase.Name == Figures.Saturation)?.SettledPerSecond / 3) ?? HighestSteadyRate);

    /// <summary>Saturation of a new system that differs in one point.</summary>
    private static async Task<PhaseReport> VariantAsync(
        string name, string title, SystemVariant variant, RunOptions options, PostgresServer postgres, string folder, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using var system = await LocalSystem.StartAsync(
            postgres, Path.Combine(folder, name), variant, options, time, cancellationToken);
        using var runner = new PhaseRunner(
            system.Api, system.Token, options.Mix, system.OrdersDatabase, system.Processes, variant.Telemetry, system.Volumes,
            options.Settle, time);
        await runner.WarmUpAsync(options.Connections, options.Cold + options.WarmUp, cancellationToken);
        return await runner.RunAsync(Saturation(options, name, title), cancellationToken);
    }

    private static IEnumerable<(string Name, string Title, SystemVariant Variant)> Variants(RunOptions options, OtlpSink telemetry)
    {
        if (IsChosen(options, Figures.Unobserved))
            yield return (Figures.Unobserved, "no telemetry exported", new(Telemetry: null));
        if (SyncsToo(options))
            yield return (Figures.Synced, "nats-server syncs each message to disk", new(telemetry, SyncsAlways: true));
    }

    private static bool SyncsToo(RunOptions options) => options.Phases.Contains(Figures.Synced) || options.NatsSync;

    private static async Task<double> PublishAsync(
        string folder, bool syncsAlways, TimeProvider time, CancellationToken cancellationToken)
    {
        var published = await PublishRate.MeasureAsync(folder, syncsAlways, time, cancellationToken);
        await Console.Out.WriteLineAsync($"NATS client: {published:0} publishes/s{(syncsAlways ? ", each synced to disk" : "")}");
        return published;
    }

    private static bool IsChosen(RunOptions options, string phase) => options.Phases.Count == 0 || options.Phases.Contains(phase);

    private static string Closed(RunOptions options) => $"closed loop, {options.Connections} connections";

    private static PhasePlan Saturation(RunOptions options, string name, string title) =>
        new(name, $"{Closed(options)}, {title}", Rate: null, options.Connections, options.Duration);

    /// <summary>The worker is down until the backlog has this size; after its restart it catches up while orders arrive.</summary>
    private static async Task<PhaseReport> OutageAsync(
        RunOptions options, double rate, LocalSystem system, PhaseRunner runner, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"outage: worker stopped, placing {options.Backlog} orders");
        await system.StopWorkerAsync();
        await runner.FillAsync(options.Connections, options.Backlog, cancellationToken);
        await system.StartWorkerAsync(cancellationToken);
        var title = $"open loop, {rate:0} orders/s, after an outage of the worker, with {options.Backlog} orders waiting";
        return await runner.RunAsync(new(Figures.Backlog, title, rate, options.Connections, options.Duration), cancellationToken);
    }

    /// <summary>The steady load once more while the worker, which is warm for them too, is sent webhooks that it has to refuse.</summary>
    private static async Task<PhaseReport> FloodAsync(
        RunOptions options, double rate, LocalSystem system, PhaseRunner runner, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var flood = WebhookFlood.Start(system.Worker, options.WarmUp + options.Duration, time);
        await Task.Delay(options.WarmUp, time, cancellationToken);
        var title = $"open loop, {rate:0} orders/s, with {WebhookFlood.PerSecond} forged webhooks/s";
        var report = await runner.RunAsync(new(Figures.Webhooks, title, rate, options.Connections, options.Duration), cancellationToken);
        await Console.Out.WriteLineAsync($"  {flood.Refused} webhooks refused, {flood.Others} answered otherwise");
        return report;
    }

    /// <summary>After the audit, because the provider does not know these orders.</summary>
    private static async Task<PhaseReport> StoredAsync(
        RunOptions options, PostgresServer postgres, PhaseRunner runner, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"writing {options.Stored} paid orders");
        await StoredOrders.WriteAsync(postgres, options.Stored, cancellationToken);
        return await runner.RunAsync(Saturation(options, Figures.Stored, $"{options.Stored} orders stored"), cancellationToken);
    }

    private static async Task<double> PickAsync(
        PostgresServer postgres, int waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"writing {waiting} events into the outbox");
        var milliseconds = await RelayPick.MeasureAsync(postgres, waiting, time, cancellationToken);
        await Console.Out.WriteLineAsync($"relay: claims 100 of them in {milliseconds:0.0} ms");
        return milliseconds;
    }

    private static async Task<YardstickMeasurement> MeasureAsync(Yardstick yardstick, string folder, CancellationToken cancellationToken)
    {
        var measured = await yardstick.MeasureAsync(folder, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"yardstick: {measured.PerSecond:0}/s, {measured.CpuPerOrder:0} µs an order, "
            + $"one commit {measured.CommitMilliseconds:0.00} ms");
        return measured;
    }
}
