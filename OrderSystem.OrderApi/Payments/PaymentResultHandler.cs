using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Payments;

/// <summary>The outcome of a payment decides the status of its order.</summary>
internal sealed class PaymentResultHandler(GroupCommitter committer, OrderMetrics metrics)
    : IEventHandler<PaymentSucceeded>, IEventHandler<PaymentDeclined>, IEventHandler<PaymentReviewRequired>, IEventHandler<PaymentRefunded>
{
    public Task<HandlingResult> HandleAsync(ReceivedEvent<PaymentSucceeded> received, CancellationToken cancellationToken) =>
        ApplyAsync(received.Envelope, OrderStatus.Paid, reason: null, RefundState.Pending);

    public Task<HandlingResult> HandleAsync(ReceivedEvent<PaymentDeclined> received, CancellationToken cancellationToken) =>
        ApplyAsync(received.Envelope, OrderStatus.PaymentFailed, received.Body.Reason);

    public Task<HandlingResult> HandleAsync(ReceivedEvent<PaymentReviewRequired> received, CancellationToken cancellationToken) =>
        ApplyAsync(received.Envelope, OrderStatus.ManualReview, received.Body.Reason, RefundState.Review);

    public Task<HandlingResult> HandleAsync(ReceivedEvent<PaymentRefunded> received, CancellationToken cancellationToken) =>
        ApplyAsync(received.Envelope, OrderStatus.Cancelled, received.Body.Reason, RefundState.Refunded);

    private async Task<HandlingResult> ApplyAsync(ReceivedEnvelope envelope, OrderStatus status, string? reason, RefundState? refund = null)
    {
        var applied = await committer.WriteAsync(ApplyPaymentResult.Write, new(envelope, status, reason, refund));
        if (!applied.OrderExists)
            return HandlingResult.Reject($"there is no order {envelope.OrderId}");
        if (!applied.IsNew)
            metrics.Duplicate();
        else if (applied.Duration is { } duration)
            metrics.Finished(status, duration);
        return HandlingResult.Done;
    }
}
