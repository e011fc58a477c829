namespace OrderSystem.OrderApi.Orders;

/// <summary>Time with the precision of the database, microseconds, so that the response to a POST equals that of a later GET.</summary>
internal static class Timestamps
{
    internal static DateTimeOffset Now(TimeProvider time)
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
