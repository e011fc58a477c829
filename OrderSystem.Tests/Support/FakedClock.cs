using System.Globalization;

namespace OrderSystem.Tests.Support;

/// <summary>
/// The wall clock of processes, which can be set while they run (libfaketime).
/// Their monotonic clock, their timers and other processes keep theirs.
/// </summary>
internal sealed class FakedClock : IDisposable
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"ordersystem-clock-{Guid.NewGuid():N}");

    internal FakedClock() => Set(TimeSpan.Zero);

    /// <summary>
    /// The environment of the processes. They read the file once a second, because
    /// reading it at each access to the clock would take most of their time.
    /// </summary>
    internal IEnumerable<(string Name, string Value)> Settings =>
    [
        ("LD_PRELOAD", Programs.FakeTime), ("FAKETIME_TIMESTAMP_FILE", file), ("FAKETIME_CACHE_DURATION", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("NO_FAKE_STAT", "1"),
    ];

    /// <summary>
    /// Sets the clock to an offset from the true time. The file is replaced
    /// atomically, because a partly written offset would be a different one.
    /// </summary>
    internal void Set(TimeSpan offset)
    {
        File.WriteAllText(file + ".new", string.Create(CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0;-0;+0}\n"));
        File.Move(file + ".new", file, overwrite: true);
    }

    public void Dispose() => File.Delete(file);
}
