using Microsoft.Extensions.Time.Testing;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A clock whose wall time can be set, as an operator or NTP sets one, while its monotonic time and its timers continue unchanged.
/// </summary>
internal sealed class SteppedClock : TimeProvider
{
    private readonly FakeTimeProvider monotonic = new(DateTimeOffset.FromUnixTimeSeconds(System.GetUtcNow().ToUnixTimeSeconds()));
    private TimeSpan offset;

    public override long TimestampFrequency => monotonic.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => monotonic.GetUtcNow() + offset;

    public override long GetTimestamp() => monotonic.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        monotonic.CreateTimer(callback, state, dueTime, period);

    /// <summary>Lets time pass.</summary>
    internal void Advance(TimeSpan by) => monotonic.Advance(by);

    /// <summary>Sets the wall clock forwards, or back.</summary>
    internal void Step(TimeSpan by) => offset += by;
}
