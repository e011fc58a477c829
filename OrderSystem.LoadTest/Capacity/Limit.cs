namespace OrderSystem.LoadTest.Capacity;

/// <summary>A resource that more instances do not add to.</summary>
/// <param name="Name">The resource.</param>
/// <param name="OrdersPerSecond">What it carries at the target utilisation.</param>
/// <param name="Remedy">What raises it to the planned rate.</param>
internal sealed record Limit(string Name, double OrdersPerSecond, string Remedy);
