using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Phases;

/// <summary>Samples a running phase once a second and prints each sample as one line.</summary>
internal sealed class PhaseWatch(Recorder recorder, Backlog backlog, IReadOnlyList<ProcessTree> processes, TimeProvider time)
{
    private readonly List<SecondReport> seconds = [];
    private readonly Dictionary<string, double> atStart =
        processes.ToDictionary(process => process.Name, process => process.CpuSeconds(), StringComparer.Ordinal);

    private readonly long epoch = time.GetTimestamp();

    internal IReadOnlyList<SecondReport> Seconds => seconds;

    /// <summary>CPU seconds of each process since the start of the phase.</summary>
    internal Dictionary<string, double> CpuSeconds() =>
        processes.ToDictionary(process => process.Name, process => process.CpuSeconds() - atStart[process.Name], StringComparer.Ordinal);

    /// <summary>Runs until it is cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        var (accepted, failed, elapsed, cpu) = (0, 0L, TimeSpan.Zero, CpuSeconds());
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var waiting = await backlog.CountAsync(cancellationToken);
                var (now, nowAccepted, nowFailed) = (time.GetElapsedTime(epoch), recorder.AcceptedCount, recorder.Failed);
                var (nowCpu, latencies) = (CpuSeconds(), recorder.NextSecond());
                var width = (now - elapsed).TotalSeconds;
                var second = new SecondReport
                {
                    At = now.TotalSeconds,
                    AcceptedPerSecond = (nowAccepted - accepted) / width,
                    Errors = nowFailed - failed,
                    PostP50 = latencies.Percentile(50) / 1000.0,
                    PostP99 = latencies.Percentile(99) / 1000.0,
                    Backlog = waiting,
                    Cpu = nowCpu.ToDictionary(
                        process => process.Key, process => (process.Value - cpu[process.Key]) / width, StringComparer.Ordinal),
                    Memory = processes.ToDictionary(process => process.Name, process => process.MemoryMegabytes(), StringComparer.Ordinal),
                };
                seconds.Add(second);
                await Console.Out.WriteLineAsync(
                    $"  {second.At,5:0} s  {second.AcceptedPerSecond,7:0}/s   p50 {second.PostP50,7:0.0} ms   p99 {second.PostP99,7:0.0} ms"
                    + $"   errors {recorder.Failed,5}   backlog {(waiting is null ? "?" : waiting),6}");
                (accepted, failed, elapsed, cpu) = (nowAccepted, nowFailed, now, nowCpu);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The phase has ended.
        }
    }
}
