using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace OrderSystem.LoadTest.Load;

/// <summary>
/// Hands out requests when they are due, on a dedicated thread that sleeps with nanosleep: .NET timers have a resolution of about a
/// millisecond, half of the latency to measure.
/// </summary>
internal sealed partial class Pacer(Schedule schedule, ChannelWriter<Due> due, TimeProvider time, CancellationToken cancellationToken)
{
    internal void Start() => new Thread(Run) { IsBackground = true, Name = "pacer" }.Start();

    private void Run()
    {
        var start = time.GetTimestamp();
        var frequency = (double)time.TimestampFrequency / TimeSpan.TicksPerSecond;
        for (long number = 0; number < schedule.Count && !cancellationToken.IsCancellationRequested; number++)
        {
            var at = schedule.DueAt(number);

            // In a loop, because a signal can end a sleep early.
            for (var wait = at - time.GetElapsedTime(start); wait > TimeSpan.Zero; wait = at - time.GetElapsedTime(start))
                Sleep(wait);
            due.TryWrite(new(number, start + (long)(at.Ticks * frequency)));
        }

        due.Complete();
    }

    private void Sleep(TimeSpan wait)
    {
        if (OperatingSystem.IsWindows())
            cancellationToken.WaitHandle.WaitOne(wait);
        else
            NanoSleep(new((nint)wait.TotalSeconds, (nint)(wait.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick)), 0);
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Time(nint Seconds, nint Nanoseconds);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NanoSleep(in Time wait, nint remaining);
}

/// <summary>A request and the timestamp at which it is due.</summary>
internal readonly record struct Due(long Number, long At);
