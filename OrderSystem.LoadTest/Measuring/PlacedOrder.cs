namespace OrderSystem.LoadTest.Measuring;

/// <summary>An order of this run as it ended; <c>FinalAt</c> is null while it has no final status.</summary>
internal sealed record PlacedOrder(AcceptedOrder Accepted, string Status, DateTimeOffset CreatedAt, DateTimeOffset? FinalAt);
