namespace OrderSystem.LoadTest.Measuring;

/// <summary>An order that was answered with 201.</summary>
/// <param name="Id">Its id.</param>
/// <param name="IntendedAt">When the request was due.</param>
internal readonly record struct AcceptedOrder(Guid Id, DateTimeOffset IntendedAt);
