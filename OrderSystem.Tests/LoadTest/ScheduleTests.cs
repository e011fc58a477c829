using OrderSystem.LoadTest.Load;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>When requests of an open loop are due depends on nothing but the rate.</summary>
[Fast]
public sealed class ScheduleTests
{
    [Theory]
    [InlineData(1_000, 30, 30_000)]
    [InlineData(0.5, 5, 2)]
    [InlineData(3, 0.1, 0)]
    public void There_are_as_many_as_the_rate_and_the_time_make(double perSecond, double seconds, long expected) =>
        Assert.Equal(expected, new Schedule(perSecond, TimeSpan.FromSeconds(seconds)).Count);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.001)]
    [InlineData(1_500, 1.5)]
    [InlineData(3_600_000, 3_600)]
    public void They_are_evenly_spaced_from_the_beginning(long number, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new Schedule(1_000, TimeSpan.FromHours(2)).DueAt(number));

    [Fact]
    public void A_rate_that_divides_no_second_does_not_drift() =>
        Assert.Equal(1_000, new Schedule(3, TimeSpan.FromHours(1)).DueAt(3_000).TotalSeconds, tolerance: 0.000_001);
}
