using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Phases;

/// <summary>Runs phases against one address: sends load, waits until the orders are settled, and reads the status of each.</summary>
/// <param name="api">The order API.</param>
/// <param name="token">The bearer token for it.</param>
/// <param name="mix">The sizes of the orders.</param>
/// <param name="database">The orders' database, to count the backlog in.</param>
/// <param name="processes">The processes whose CPU and memory are measured.</param>
/// <param name="telemetry">Receives the telemetry of the services, if anything does.</param>
/// <param name="volumes">What is on disks and wires, if it can be measured.</param>
/// <param name="settle">How long the last orders of a phase may take.</param>
/// <param name="time">The clock.</param>
internal sealed class PhaseRunner(
    Uri api,
    string? token,
    BodyMix mix,
    string? database,
    IReadOnlyList<ProcessTree> processes,
    OtlpSink? telemetry,
    Volumes? volumes,
    TimeSpan settle,
    TimeProvider time) : IDisposable
{
    /// <summary>Holds the token of a run. Not an argument, because every user of the machine can read those.</summary>
    internal const string TokenVariable = "ORDERSYSTEM_TOKEN";

    private readonly OrdersApi orders = new(api, token, time);
    private readonly OrderRequests requests = new(api, token, mix);
    private long nextNumber;

    /// <summary>Sends load that is not measured, until code is compiled and connections are open.</summary>
    internal async Task WarmUpAsync(int connections, TimeSpan duration, CancellationToken cancellationToken)
    {
        if (duration <= TimeSpan.Zero)
            return;
        await Console.Out.WriteLineAsync($"warm-up: {duration.TotalSeconds:0} s");
        var recorder = new Recorder(time);
        await ClosedLoop.RunAsync(duration, Clients(recorder, connections), cancellationToken);
        nextNumber += recorder.Post.Count + recorder.Failed;
        RefuseIfNothingWasAccepted(recorder);
        await orders.WaitForRestAsync(recorder.Accepted, settle, cancellationToken);
    }

    /// <summary>Places at least this many orders without waiting until they are settled.</summary>
    internal async Task FillAsync(int connections, long orders, CancellationToken cancellationToken)
    {
        for (var missing = orders; missing > 0;)
        {
            var recorder = new Recorder(time);
            await ClosedLoop.RunAsync(TimeSpan.FromSeconds(1), Clients(recorder, connections), cancellationToken);
            nextNumber += recorder.Post.Count + recorder.Failed;
            RefuseIfNothingWasAccepted(recorder);
            missing -= recorder.AcceptedCount;
        }
    }

    internal async Task<PhaseReport> RunAsync(PhasePlan plan, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"{plan.Name}: {plan.Title}");
        var recorder = new Recorder(time);
        await using var backlog = new Backlog(orders, database);
        var allocated = await Allocations.ReadAsync(processes, cancellationToken);
        var volume = volumes is null ? null : await volumes.ReadAsync(cancellationToken);
        var watch = new PhaseWatch(recorder, backlog, processes, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = watch.RunAsync(end.Token);
        var exported = (Spans: telemetry?.Spans ?? 0, Bytes: telemetry?.Bytes ?? 0);

        var clients = Clients(recorder, plan.Connections);
        var start = time.GetTimestamp();
        await (plan.Rate is { } rate
            ? OpenLoop.RunAsync(new Schedule(rate, plan.Duration), clients, cancellationToken)
            : ClosedLoop.RunAsync(plan.Duration, clients, cancellationToken));
        var sending = time.GetElapsedTime(start);
        nextNumber += recorder.Post.Count + recorder.Failed;
        RefuseIfNothingWasAccepted(recorder);

        var accepted = recorder.Accepted;
        await orders.WaitForRestAsync(accepted, settle, cancellationToken);
        var cpu = watch.CpuSeconds();
        var after = volumes is null ? null : await volumes.ReadAsync(cancellationToken);
        foreach (var (process, bytes) in await Allocations.ReadAsync(processes, cancellationToken))
            allocated[process] = bytes - allocated[process];
        await end.CancelAsync();
        await watching;
        var placed = await orders.ReadAsync(accepted, cancellationToken);
        var report = PhaseSummary.Of(plan, recorder, placed, watch.Seconds, cpu, allocated, sending, isSameClock: api.IsLoopback);
        if (telemetry is not null && report.Settled > 0)
            report.Telemetry = new(
                (telemetry.Spans - exported.Spans) / (double)report.Settled, (telemetry.Bytes - exported.Bytes) / 1024.0 / report.Settled);
        if (volumes is not null && report.Settled > 0)
            report.Volume = Volumes.PerOrder(volume!, after!, report.Settled);
        await Console.Out.WriteLineAsync(
            $"  {report.Accepted} accepted, {report.Settled} settled, {report.SettledPerSecond:0}/s from the first to the last");
        return report;
    }

    internal Task<AuditOutcome> AuditAsync(CancellationToken cancellationToken) => orders.AuditAsync(cancellationToken);

    public void Dispose() => orders.Dispose();

    private void RefuseIfNothingWasAccepted(Recorder recorder)
    {
        if (recorder.AcceptedCount > 0)
            return;
        var hint = recorder.Errors.ContainsKey("HTTP 401") || recorder.Errors.ContainsKey("HTTP 403")
            ? $" Set {TokenVariable} to a bearer token with the scopes orders.read, orders.write and orders.ops."
            : "";
        throw new LoadTestException($"{api} accepted no order: {string.Join(", ", recorder.Errors.Keys)}.{hint}");
    }

    private LoadClients Clients(Recorder recorder, int connections) => new(api, requests, recorder, connections, nextNumber, time);
}
