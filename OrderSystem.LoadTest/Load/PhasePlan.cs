namespace OrderSystem.LoadTest.Load;

/// <summary>One phase of a run.</summary>
/// <param name="Name">A word, by which runs are compared.</param>
/// <param name="Title">What a reader is told.</param>
/// <param name="Rate">Orders per second of an open loop; null for a closed one.</param>
/// <param name="Connections">How many orders may be asked for at once.</param>
/// <param name="Duration">How long it sends.</param>
internal sealed record PhasePlan(string Name, string Title, double? Rate, int Connections, TimeSpan Duration);
