namespace OrderSystem.LoadTest.Report;

/// <summary>The results of a run, as written to JSON.</summary>
internal sealed class RunReport
{
    public required DateTimeOffset StartedAt { get; init; }

    public required string Version { get; init; }

    public required MachineReport Machine { get; init; }

    /// <summary>The options of the command line, and the settings of the services that differ from their defaults.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    public YardstickReport? Yardstick { get; set; }

    /// <summary>Acknowledged publishes per second of the NATS client while nothing else runs.</summary>
    public double? PublishesPerSecond { get; init; }

    /// <summary>The same while nats-server syncs each message to disk; null without <c>--nats-sync</c>.</summary>
    public double? SyncedPublishesPerSecond { get; init; }

    /// <summary>Milliseconds in which a relay claims its next 100 events from a long outbox.</summary>
    public double? RelayPick { get; init; }

    public required IReadOnlyList<PhaseReport> Phases { get; init; }

    /// <summary><c>agrees</c>, <c>disagrees</c> or <c>notChecked</c>, or why the audit did not run.</summary>
    public required string Audit { get; init; }

    public required IReadOnlyList<string> AuditFindings { get; init; }
}

internal sealed record MachineReport(
    string Processor, int Cores, double MemoryGigabytes, string System, string Runtime, string Configuration);

/// <summary>PostgreSQL alone with the same orders, unbatched. The tool is pgbench, or Npgsql if pgbench is not installed.</summary>
/// <param name="Tool">Its client.</param>
/// <param name="Server">Version and settings.</param>
/// <param name="Clients">Concurrent connections.</param>
/// <param name="Before">Orders a second before the system was measured.</param>
/// <param name="After">And afterwards.</param>
/// <param name="CpuPerOrder">Microseconds, of PostgreSQL and of its client.</param>
/// <param name="CommitMilliseconds">The median of one synchronous commit when nothing else runs.</param>
internal sealed record YardstickReport(
    string Tool, string Server, int Clients, double Before, double After, double CpuPerOrder, double CommitMilliseconds)
{
    public double PerSecond => (Before + After) / 2;
}

/// <summary>One phase.</summary>
internal sealed class PhaseReport
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public required double? Rate { get; init; }

    public required int Connections { get; init; }

    /// <summary>From the first request to the last response.</summary>
    public required double SendingSeconds { get; init; }

    /// <summary>From the first request until the last order had a final status.</summary>
    public required double SettledAfterSeconds { get; init; }

    public required long Accepted { get; init; }

    public required IReadOnlyDictionary<string, long> Errors { get; init; }

    public required IReadOnlyDictionary<string, long> Statuses { get; init; }

    /// <summary>Orders that reached a final status in time.</summary>
    public required long Settled { get; init; }

    public required double AcceptedPerSecond { get; init; }

    public required double SettledPerSecond { get; init; }

    public required LatencyReport Post { get; init; }

    public required LatencyReport PostToPaid { get; init; }

    public required LatencyReport Lateness { get; init; }

    /// <summary>Microseconds per settled order, by process.</summary>
    public required IReadOnlyDictionary<string, double> CpuPerOrder { get; init; }

    /// <summary>Kilobytes per settled order, by process; empty without <c>--allocations</c>.</summary>
    public IReadOnlyDictionary<string, double> AllocatedPerOrder { get; init; } = new Dictionary<string, double>();

    /// <summary>What the services exported per settled order; null when nothing received it.</summary>
    public TelemetryReport? Telemetry { get; set; }

    /// <summary>What each settled order leaves on disks and sends; null unless <c>--self</c> measured it.</summary>
    public VolumeReport? Volume { get; set; }

    public required IReadOnlyDictionary<string, MemoryReport> Memory { get; init; }

    public required IReadOnlyList<SecondReport> Seconds { get; init; }

    /// <summary>Orders that reached a final status in each second.</summary>
    public required IReadOnlyList<long> SettledBySecond { get; init; }
}

/// <summary>Spans, and kilobytes of traces, metrics and logs over OTLP.</summary>
internal sealed record TelemetryReport(double Spans, double Kilobytes);

/// <summary>Kilobytes per settled order, or in all.</summary>
/// <param name="Wal">Write-ahead log of both databases.</param>
/// <param name="Tables">Growth of each table with its indexes, as <c>database.table</c>.</param>
/// <param name="Streams">Growth of both streams, one copy.</param>
/// <param name="Messages">Messages in both streams; a number.</param>
/// <param name="Wire">All links together: client, services, servers, telemetry.</param>
internal sealed record VolumeReport(
    double Wal, IReadOnlyDictionary<string, double> Tables, double Streams, double Messages, double Wire);

/// <summary>Milliseconds.</summary>
internal sealed record LatencyReport(
    long Count, double Mean, double P50, double P90, double P99, double P999, double Max, IReadOnlyList<PercentileReport> Distribution);

internal sealed record PercentileReport(double Percent, double Milliseconds);

/// <summary>Megabytes: medians of the first and the last fifth of the phase, and the maximum.</summary>
internal sealed record MemoryReport(double First, double Last, double Most);

internal sealed class SecondReport
{
    public required double At { get; init; }

    public required double AcceptedPerSecond { get; init; }

    public required long Errors { get; init; }

    public required double PostP50 { get; init; }

    public required double PostP99 { get; init; }

    public required long? Backlog { get; init; }

    /// <summary>Cores, by process.</summary>
    public required IReadOnlyDictionary<string, double> Cpu { get; init; }

    /// <summary>Megabytes, by process.</summary>
    public required IReadOnlyDictionary<string, double> Memory { get; init; }
}
