namespace OrderSystem.Tests.Support;

/// <summary>The random choices of a scenario, from a seed that the test prints.</summary>
internal sealed class FaultDice(int seed)
{
    private readonly Random random = new(seed);
    private readonly Lock one = new();

    internal int Seed => seed;

    /// <summary>From 0 to below 1.</summary>
    internal double Next()
    {
        lock (one)
            return random.NextDouble();
    }

    internal int Next(int from, int below)
    {
        lock (one)
            return random.Next(from, below);
    }

    internal bool Hits(double probability) => Next() < probability;

    internal T OneOf<T>(IReadOnlyList<T> choices) => choices[Next(0, choices.Count)];

    internal TimeSpan Between(double fromSeconds, double toSeconds) =>
        TimeSpan.FromSeconds(fromSeconds + (Next() * (toSeconds - fromSeconds)));
}
