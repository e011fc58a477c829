using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Trace;
using OrderSystem.ServiceDefaults.Telemetry;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>Head sampling at loads below and above its limit.</summary>
[Fast]
public sealed class TraceSamplerTests
{
    private const int Limit = 100;
    private readonly FakeTimeProvider time = new();
    private readonly TraceSampler sampler;

    public TraceSamplerTests() => sampler = new(Limit, time);

    [Fact]
    public void Below_the_limit_every_trace_is_sampled()
    {
        for (var second = 0; second < 3; second++)
            Assert.Equal(Limit, SampledOf(Limit));
    }

    [Fact]
    public void Above_the_limit_the_probability_follows_the_load()
    {
        SampledOf(2_000);
        var perSecond = Enumerable.Range(0, 20).Select(_ => SampledOf(2_000)).ToArray();

        Assert.All(perSecond, sampled => Assert.InRange(sampled, 1, Limit));

        // Five standard deviations of a binomial distribution below its mean, of which the limit cuts the upper half.
        Assert.InRange(perSecond.Average(), Limit - 15, Limit);
    }

    [Fact]
    public void A_burst_after_a_quiet_second_is_bounded()
    {
        SampledOf(1);
        Assert.Equal(Limit, SampledOf(5_000));
    }

    [Fact]
    public void After_a_pause_every_trace_is_sampled_again()
    {
        SampledOf(5_000);
        SampledOf(5_000);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(10, SampledOf(10));
    }

    [Fact]
    public void The_trace_id_decides()
    {
        SampledOf(1_000);
        var ids = Enumerable.Range(0, 300).Select(_ => ActivityTraceId.CreateRandom()).ToArray();
        Assert.Equal(ids.Select(Samples), ids.Select(Samples));
        Assert.Contains(ids, Samples);
        Assert.Contains(ids, id => !Samples(id));
    }

    private int SampledOf(int traces)
    {
        var sampled = Enumerable.Range(0, traces).Count(_ => Samples(ActivityTraceId.CreateRandom()));
        time.Advance(TimeSpan.FromSeconds(1));
        return sampled;
    }

    private bool Samples(ActivityTraceId id) =>
        sampler.ShouldSample(new(default, id, "request", ActivityKind.Server)).Decision == SamplingDecision.RecordAndSample;
}
