namespace OrderSystem.LoadTest.Capacity;

/// <summary>A law that bounds one instance.</summary>
/// <param name="Name">The resource.</param>
/// <param name="OrdersPerSecond">What one instance handles at the target utilisation of that resource.</param>
internal sealed record Bound(string Name, double OrdersPerSecond);

/// <summary>The instances of one service.</summary>
internal sealed class ServicePlan
{
    /// <param name="name">The service.</param>
    /// <param name="ordersPerSecond">Of all instances.</param>
    /// <param name="bounds">The tightest decides.</param>
    internal ServicePlan(string name, double ordersPerSecond, params Bound[] bounds)
    {
        (Name, Bounds, Bottleneck) = (name, bounds, bounds.MinBy(bound => bound.OrdersPerSecond)!);
        Needed = NeededBy(Bottleneck, ordersPerSecond);
        Planned = PlannedFor(ordersPerSecond);
    }

    internal string Name { get; }

    internal IReadOnlyList<Bound> Bounds { get; }

    internal Bound Bottleneck { get; }

    /// <summary>Instances without redundancy.</summary>
    internal int Needed { get; }

    /// <summary>Instances in three zones, of which any may fail.</summary>
    internal int Planned { get; }

    /// <summary>The same for another rate.</summary>
    internal int PlannedFor(double ordersPerSecond) => InThreeZones(NeededBy(Bottleneck, ordersPerSecond));

    internal static int NeededBy(Bound bound, double ordersPerSecond) =>
        Math.Max(1, (int)Math.Ceiling(ordersPerSecond / bound.OrdersPerSecond));

    /// <summary>The fewest instances of which the needed ones are left when the largest of three zones fails.</summary>
    internal static int InThreeZones(int needed)
    {
        var instances = needed + 1;
        while (instances - (instances + 2) / 3 < needed)
            instances++;
        return instances;
    }
}
