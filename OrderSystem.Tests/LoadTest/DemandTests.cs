using OrderSystem.LoadTest.Capacity;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The CPU of an order by the rate. Between these points it falls with the root of the rate: 0.01 √rate cores are busy.</summary>
[Fast]
public sealed class DemandTests
{
    private static readonly Demand Measured = new([new(1_600, 250), new(100, 1_000)]);

    [Theory]
    [InlineData(100, 1_000, 0.1)]
    [InlineData(400, 500, 0.2)]
    [InlineData(1_600, 250, 0.4)]
    public void Between_measured_rates_it_follows_a_power_law(double rate, double microseconds, double cores)
    {
        Assert.Equal(microseconds, Measured.At(rate), tolerance: 0.001);
        Assert.Equal(cores, Measured.CoresAt(rate), tolerance: 0.001);
    }

    [Fact]
    public void Below_the_lowest_measured_rate_as_many_cores_are_busy_as_there()
    {
        Assert.Equal(2_000, Measured.At(50), tolerance: 0.001);
        Assert.Equal(0.1, Measured.CoresAt(50), tolerance: 0.001);
    }

    [Fact]
    public void Above_the_highest_measured_rate_an_order_takes_what_it_takes_there()
    {
        Assert.Equal(250, Measured.At(6_400), tolerance: 0.001);
        Assert.Equal(1.6, Measured.CoresAt(6_400), tolerance: 0.001);
    }

    [Theory]
    [InlineData(0.1, 100)]
    [InlineData(0.2, 400)]
    [InlineData(0.4, 1_600)]
    [InlineData(1.6, 6_400)]
    [InlineData(0.09, 0)]
    public void The_rate_that_keeps_cores_busy_is_the_inverse(double cores, double rate) =>
        Assert.Equal(rate, Measured.RateOn(cores), tolerance: 0.1);

    [Fact]
    public void One_measured_rate_is_a_constant_demand_above_it() =>
        Assert.Equal(4_000, new Demand([new(1, 300)]).RateOn(1.2), tolerance: 0.01);

    [Fact]
    public void A_part_of_a_demand_is_that_part_at_every_rate() => Assert.Equal(125, Measured.Times(0.25).At(400), tolerance: 0.001);
}
