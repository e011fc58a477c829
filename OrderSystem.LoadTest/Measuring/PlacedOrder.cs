namespace OrderSystem.LoadTest.Measuring;

/// <summary>An order of this run after its phase; <c>FinalAt</c> is null if it has no final status.</summary>
internal sealed record PlacedOrder(AcceptedOrder Accepted, string Status, DateTimeOffset CreatedAt, DateTimeOffset? FinalAt);
