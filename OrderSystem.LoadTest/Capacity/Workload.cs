namespace OrderSystem.LoadTest.Capacity;

/// <summary>What to plan for, and on which machines.</summary>
internal sealed record Workload
{
    /// <summary>Orders a second at the peak.</summary>
    public double OrdersPerSecond { get; init; } = 1_000;

    public TimeSpan ProviderLatency { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Days of orders in PostgreSQL. The services delete none.</summary>
    public double Days { get; init; } = 30;

    /// <summary>Cores of each instance of a service.</summary>
    public double Cores { get; init; } = 2;

    /// <summary>Cores of the primary of each database.</summary>
    public double DatabaseCores { get; init; } = 16;

    /// <summary>Copies of each stream.</summary>
    public int Replicas { get; init; } = 3;
}
