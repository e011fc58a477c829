using OrderSystem.LoadTest.Measuring;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The histogram's error is at most 0.8 %, and no value is lost.</summary>
[Fast]
public sealed class HistogramTests
{
    private readonly Histogram histogram = new();

    [Fact]
    public void Values_up_to_256_are_exact()
    {
        for (var value = 0; value < 256; value++)
        {
            var one = new Histogram();
            one.Record(value);
            one.Record(1_000_000);
            Assert.Equal(value, one.Percentile(50));
        }
    }

    [Theory]
    [InlineData(50)]
    [InlineData(90)]
    [InlineData(99)]
    [InlineData(99.9)]
    [InlineData(100)]
    public void A_percentile_equals_that_of_the_sorted_values_within_one_step(double percent)
    {
        var random = new Random(17);
        var values = Enumerable.Range(0, 50_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20)).Order().ToArray();
        foreach (var value in values)
            histogram.Record(value);
        var exact = values[(int)Math.Ceiling(percent / 100 * values.Length) - 1];
        Assert.InRange(histogram.Percentile(percent), exact, exact * 1.008);
    }

    [Theory]
    [InlineData(255, 256)]
    [InlineData(256, 258)]
    [InlineData(511, 512)]
    [InlineData(1L << 40, (1L << 40) + (1L << 33))]
    public void Values_on_both_sides_of_a_step_are_distinguished(long lower, long upper)
    {
        histogram.Record(lower);
        histogram.Record(upper);
        Assert.InRange(histogram.Percentile(50), lower, upper - 1);
        Assert.Equal(upper, histogram.Percentile(100));
    }

    [Fact]
    public void The_largest_possible_value_is_recorded()
    {
        histogram.Record(long.MaxValue);
        Assert.Equal(long.MaxValue, histogram.Percentile(99));
    }

    [Fact]
    public void A_negative_value_is_recorded_as_0()
    {
        histogram.Record(-5);
        Assert.Equal(0, histogram.Percentile(100));
        Assert.Equal(1, histogram.Count);
    }

    [Fact]
    public void Without_values_all_figures_are_0() =>
        Assert.Equal((0, 0, 0, 0.0), (histogram.Count, histogram.Max, histogram.Percentile(99), histogram.Mean));

    [Fact]
    public async Task Concurrent_recording_loses_no_value()
    {
        await Task.WhenAll(Enumerable.Range(1, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
                histogram.Record(thread * 10);
        })));
        Assert.Equal(160_000, histogram.Count);
        Assert.Equal(45, histogram.Mean);
        Assert.Equal((10, 40, 80, 80), (histogram.Percentile(12.5), histogram.Percentile(50), histogram.Percentile(99), histogram.Max));
    }
}
