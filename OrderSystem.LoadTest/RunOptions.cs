using OrderSystem.LoadTest.Load;

namespace OrderSystem.LoadTest;

/// <summary>What a run is asked for.</summary>
internal sealed record RunOptions
{
    /// <summary>The order API; null: the whole system is started.</summary>
    public Uri? Url { get; init; }

    /// <summary>Bearer token for the order API.</summary>
    public string? Token { get; init; }

    /// <summary>Orders per second of the open loop. Against a URL, null is a closed loop.</summary>
    public double? Rate { get; init; }

    public int Connections { get; init; } = 64;

    /// <summary>How long each phase sends.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>As long as the runtime takes on two busy cores until it has watched the hot paths and compiled them for the last time.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the last orders may take to be settled.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(120);

    public TimeSpan Yardstick { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Orders that wait when the worker comes back, with <c>--self</c>; 0 leaves the outage out.</summary>
    public int Backlog { get; init; } = 100_000;

    /// <summary>Orders that are stored before the last phase, with <c>--self</c>; 0 leaves it out.</summary>
    public int Stored { get; init; }

    /// <summary>Events that wait for a relay when it is measured how long it takes the next ones, with <c>--self</c>; 0 leaves it out.</summary>
    public int Waiting { get; init; } = 1_000_000;

    /// <summary>Of the phases before the outage, those that are wanted; empty: all.</summary>
    public IReadOnlyList<string> Phases { get; init; } = [];

    public BodyMix Mix { get; init; } = BodyMix.Usual;

    /// <summary>Connection string of the orders' database, to count the backlog in.</summary>
    public string? Database { get; init; }

    /// <summary>Processes of this machine whose CPU and memory are measured.</summary>
    public IReadOnlyDictionary<string, int> Watched { get; init; } = new Dictionary<string, int>();

    /// <summary>Whether the services of <c>--self</c> also say what they allocate. Their metrics are collected then, which costs some CPU.</summary>
    public bool Allocations { get; init; }

    /// <summary>Environment variables for the services that are started.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the servers keep their data: the disk of this folder is part of what is measured.</summary>
    public string Data { get; init; } = Path.GetTempPath();

    /// <summary>Where the report goes.</summary>
    public string Output { get; init; } = "artifacts/load";
}
