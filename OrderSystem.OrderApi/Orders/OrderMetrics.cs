using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Metrics of orders.</summary>
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
    private readonly Counter<long> refundsRequested;
    private readonly Counter<long> refundsFinished;

    public OrderMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        placed = meter.CreateCounter<long>("ordersystem.orders.placed", "{order}", "Orders that were stored.");
        replayed = meter.CreateCounter<long>(
            "ordersystem.orders.replayed", "{request}", "Requests whose answer was replayed for their Idempotency-Key.");
        finished = meter.CreateCounter<long>(
            "ordersystem.orders.finished", "{order}", "Orders that reached a final status or manual review.");
        duration = meter.CreateHistogram(
            "ordersystem.order.duration", "s", "Time from the creation of an order to its final status.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400],
            });
        negative = meter.CreateCounter<long>(
            "ordersystem.order.negative_durations", "{order}", "Orders with a negative duration because of clock skew; it counts as 0.");
        duplicates = meter.CreateCounter<long>("ordersystem.results.duplicates", "{message}", "Duplicate payment results, without effect.");
        republished = meter.CreateCounter<long>("ordersystem.sweeper.orders", "{order}", "Stalled orders whose events were republished.");
        rejected = meter.CreateCounter<long>("ordersystem.requests.rejected", "{request}", "Rejected requests.");
        refundsRequested = meter.CreateCounter<long>(
            "ordersystem.orders.refunds.requested", "{refund}", "Refunds of paid orders that were requested.");
        refundsFinished = meter.CreateCounter<long>(
            "ordersystem.orders.refunds.finished", "{refund}", "Refunds of paid orders that succeeded or failed, by source.");
    }

    internal void Placed() => placed.Add(1);

    internal void Replayed() => replayed.Add(1);

    internal void Finished(OrderStatus status, TimeSpan afterCreation)
    {
        var tag = new KeyValuePair<string, object?>("order.status", status.ToName());
        finished.Add(1, tag);

        // The start is from the clock of the service, the end from that of the database: clock skew may make it negative.
        if (afterCreation < TimeSpan.Zero)
            negative.Add(1);
        duration.Record(Math.Max(0, afterCreation.TotalSeconds), tag);
    }

    internal void RefundRequested() => refundsRequested.Add(1);

    internal void RefundFinished(RefundStatus status, RefundSource source) => refundsFinished.Add(1, new TagList
    {
        { "outcome", status.ToName() },
        { "source", source.ToName() },
    });

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
