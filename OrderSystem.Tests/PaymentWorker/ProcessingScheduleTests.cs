using System.Globalization;
using Microsoft.Extensions.Options;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>When a payment that the provider is processing is looked up.</summary>
[Fast]
public sealed class ProcessingScheduleTests
{
    [Theory]
    [InlineData("00:00:00", "00:01:00")]
    [InlineData("00:01:00", "00:04:00")]
    [InlineData("00:05:00.5", "00:09:59.5")]
    [InlineData("00:15:02", "00:44:58")]
    [InlineData("01:00:00", "01:00:00")]
    [InlineData("10.00:00:00", "01:00:00")]
    public void The_look_ups_come_after_1_5_15_and_60_minutes_and_then_hourly(string elapsed, string wait) =>
        Assert.Equal(Span(wait), Schedule(new()).NextAfter(Span(elapsed)));

    [Theory]
    [InlineData("00:00:00", "00:00:02")]
    [InlineData("00:00:02", "00:00:03")]
    [InlineData("00:00:59", "00:00:05")]
    public void A_configured_schedule_replaces_the_default(string elapsed, string wait) =>
        Assert.Equal(Span(wait), Schedule(new() { ProcessingLookUps = [Span("00:00:05"), Span("00:00:02")] }).NextAfter(Span(elapsed)));

    [Theory]
    [InlineData("13.23:59:59", false)]
    [InlineData("14.00:00:00", true)]
    public void The_provider_has_14_days(string elapsed, bool isOver) => Assert.Equal(isOver, Schedule(new()).IsOver(Span(elapsed)));

    private static ProcessingSchedule Schedule(GatewayOptions options) => new(Options.Create(options));

    private static TimeSpan Span(string text) => TimeSpan.Parse(text, CultureInfo.InvariantCulture);
}
