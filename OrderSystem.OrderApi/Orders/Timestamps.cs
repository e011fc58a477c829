namespace OrderSystem.OrderApi.Orders;

/// <summary>Time as the database keeps it, so that the answer to a POST and a later GET say the same.</summary>
internal static class Timestamps
{
    internal static DateTimeOffset Now(TimeProvider time)
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
