using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrderSystem.OrderApi.Orders;

/// <summary>What happens to orders, counted.</summary>
internal sealed class OrderMetrics
{
    internal const string MeterName = "OrderSystem.OrderApi";

    private readonly Counter<long> placed;
    private readonly Counter<long> replayed;
    private readonly Counter<long> finished;
    private readonly Histogram<double> duration;
    private readonly Counter<long> negative;
    private readonly Counter<long> duplicates;
    private readonly Counter<long> republished;
    private readonly Counter<long> rejected;

    public OrderMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        placed = meter.CreateCounter<long>("ordersystem.orders.placed", "{order}", "Orders that were stored.");
        replayed = meter.CreateCounter<long>("ordersystem.orders.replayed", "{request}", "Repeated requests that got the answer of the first with their Idempotency-Key.");
        finished = meter.CreateCounter<long>("ordersystem.orders.finished", "{order}", "Orders that reached a status that is final, or that a person has to look at.");
        duration = meter.CreateHistogram(
            "ordersystem.order.duration", "s", "Time from the creation of an order to its final status.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400] });
        negative = meter.CreateCounter<long>("ordersystem.order.negative_durations", "{order}", "Orders that ended before they began, by clocks that differ; their duration counts as 0.");
        duplicates = meter.CreateCounter<long>("ordersystem.results.duplicates", "{message}", "Results of payments that had taken effect before and were left without one.");
        republished = meter.CreateCounter<long>("ordersystem.sweeper.orders", "{order}", "Orders whose events were sent again because nothing had come of them.");
        rejected = meter.CreateCounter<long>("ordersystem.requests.rejected", "{request}", "Requests that were refused.");
    }

    internal void Placed() => placed.Add(1);

    internal void Replayed() => replayed.Add(1);

    internal void Finished(OrderStatus status, TimeSpan afterCreation)
    {
        var tag = new KeyValuePair<string, object?>("order.status", status.ToName());
        finished.Add(1, tag);

        // One clock said when it began, that of the database when it ended: they differ, and either may be set.
        if (afterCreation < TimeSpan.Zero)
            negative.Add(1);
        duration.Record(Math.Max(0, afterCreation.TotalSeconds), tag);
    }

    internal void Duplicate() => duplicates.Add(1);

    internal void Republished(long orders) => republished.Add(orders);

    internal void Rejected(int statusCode) => rejected.Add(1, new TagList
    {
        { "http.response.status_code", statusCode },
        { "reason", Reason(statusCode) },
    });

    private static string Reason(int statusCode) => statusCode switch
    {
        StatusCodes.Status400BadRequest => "invalid",
        StatusCodes.Status401Unauthorized => "unauthenticated",
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status409Conflict => "conflict",
        StatusCodes.Status413PayloadTooLarge => "too_large",
        StatusCodes.Status415UnsupportedMediaType => "unsupported_media_type",
        StatusCodes.Status422UnprocessableEntity => "key_reused",
        StatusCodes.Status429TooManyRequests => "rate_limited",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        _ => "other",
    };
}
