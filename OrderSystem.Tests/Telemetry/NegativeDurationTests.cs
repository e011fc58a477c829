using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OrderSystem.OrderApi.Orders;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>The duration of an order is the difference of the clocks of two machines, which can be negative.</summary>
[Fast]
public sealed class NegativeDurationTests
{
    [Theory]
    [InlineData(-3600, 0, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(1.5, 1.5, 0)]
    public void A_negative_duration_is_counted_and_recorded_as_0(double seconds, double recorded, long counted)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var (durations, negatives) = (new List<double>(), 0L);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                    all.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            if (instrument.Name == "ordersystem.order.duration")
                durations.Add(value);
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            negatives += instrument.Name == "ordersystem.order.negative_durations" ? value : 0);
        listener.Start();

        new OrderMetrics(meters).Finished(OrderStatus.Paid, TimeSpan.FromSeconds(seconds));

        Assert.Equal([recorded], durations);
        Assert.Equal(counted, negatives);
    }
}
