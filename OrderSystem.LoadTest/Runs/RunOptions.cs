using OrderSystem.LoadTest.Load;

namespace OrderSystem.LoadTest.Runs;

/// <summary>The options of a run.</summary>
internal sealed record RunOptions
{
    /// <summary>The order API; null to start the whole system.</summary>
    public Uri? Url { get; init; }

    /// <summary>Bearer token for the order API.</summary>
    public string? Token { get; init; }

    /// <summary>Orders per second of the open loop. Against a URL, null is a closed loop.</summary>
    public double? Rate { get; init; }

    public int Connections { get; init; } = 64;

    /// <summary>How long each phase sends.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>As long as tiered compilation of the hot paths takes on two busy cores, after the cold phase.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the last orders may take to be settled.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The first part of the warm-up, which is measured from the start of the processes on.</summary>
    public TimeSpan Cold { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan Yardstick { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Orders that are pending when the worker restarts, with <c>--self</c>; 0 skips the outage.</summary>
    public int Backlog { get; init; } = 100_000;

    /// <summary>Orders that are stored before the last phase, with <c>--self</c>; 0 skips it.</summary>
    public int Stored { get; init; }

    /// <summary>Events in the outbox while the relay's claim is measured, with <c>--self</c>; 0 skips it.</summary>
    public int Waiting { get; init; } = 1_000_000;

    /// <summary>Measures saturation of <c>--self</c> also with a nats-server that syncs each message to disk.</summary>
    public bool NatsSync { get; init; }

    /// <summary>The phases to run besides the outage; empty for all.</summary>
    public IReadOnlyList<string> Phases { get; init; } = [];

    public BodyMix Mix { get; init; } = BodyMix.Default;

    /// <summary>Connection string of the orders' database, to count the backlog.</summary>
    public string? Database { get; init; }

    /// <summary>Local processes whose CPU and memory are measured.</summary>
    public IReadOnlyDictionary<string, int> Watched { get; init; } = new Dictionary<string, int>();

    /// <summary>Measures the allocations of the services of <c>--self</c>. Collecting their metrics costs some CPU.</summary>
    public bool Allocations { get; init; }

    /// <summary>Environment variables of the services of <c>--self</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder of the servers' data, whose disk is part of the measurement.</summary>
    public string Data { get; init; } = Path.GetTempPath();

    /// <summary>The folder of the report.</summary>
    public string Output { get; init; } = "artifacts/load";

    /// <summary>The settings for the report.</summary>
    internal IReadOnlyDictionary<string, string> Describe()
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["url"] = Url?.ToString() ?? "--self",
            ["seconds"] = $"{Duration.TotalSeconds:0}",
            ["warm-up"] = $"{WarmUp.TotalSeconds:0}",
            ["connections"] = $"{Connections}",
            ["backlog"] = $"{Backlog}",
            ["stored"] = $"{Stored}",
            ["waiting"] = $"{Waiting}",
            ["mix"] = Mix.ToString(),
        };
        foreach (var (name, value) in Settings)
            settings[name] = value;
        return settings;
    }
}
