namespace OrderSystem.LoadTest.Phases;

/// <summary>One phase of a run.</summary>
/// <param name="Name">Identifies the phase when runs are compared.</param>
/// <param name="Title">Describes it to the reader.</param>
/// <param name="Rate">Orders per second of an open loop; null for a closed one.</param>
/// <param name="Connections">The maximum of concurrent requests.</param>
/// <param name="Duration">How long it sends.</param>
internal sealed record PhasePlan(string Name, string Title, double? Rate, int Connections, TimeSpan Duration);
