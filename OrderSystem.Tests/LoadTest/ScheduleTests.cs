using OrderSystem.LoadTest.Load;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The due times of an open loop depend only on the rate.</summary>
[Fast]
public sealed class ScheduleTests
{
    [Theory]
    [InlineData(1_000, 30, 30_000)]
    [InlineData(0.5, 5, 2)]
    [InlineData(3, 0.1, 0)]
    public void The_count_is_the_rate_times_the_duration(double perSecond, double seconds, long expected) =>
        Assert.Equal(expected, new Schedule(perSecond, TimeSpan.FromSeconds(seconds)).Count);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.001)]
    [InlineData(1_500, 1.5)]
    [InlineData(3_600_000, 3_600)]
    public void Requests_are_evenly_spaced_from_the_start(long number, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new Schedule(1_000, TimeSpan.FromHours(2)).DueAt(number));

    [Fact]
    public void A_rate_that_does_not_divide_a_second_does_not_drift() =>
        Assert.Equal(1_000, new Schedule(3, TimeSpan.FromHours(1)).DueAt(3_000).TotalSeconds, tolerance: 0.000_001);
}
