using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Payments;

/// <summary>The outcome of a refund of a paid order, also of one that was made at the provider.</summary>
internal sealed class RefundResultHandler(GroupCommitter committer, OrderMetrics metrics)
    : IEventHandler<ChargeRefunded>, IEventHandler<RefundFailed>
{
    public Task<HandlingResult> HandleAsync(ReceivedEvent<ChargeRefunded> received, CancellationToken cancellationToken)
    {
        var (envelope, body) = (received.Envelope, received.Body);
        return ApplyAsync(
            envelope, body.Amount, body.Currency,
            amount => new(envelope, body.RefundId, amount, RefundStatus.Succeeded, body.Source, body.Reason, body.ProviderReference));
    }

    public Task<HandlingResult> HandleAsync(ReceivedEvent<RefundFailed> received, CancellationToken cancellationToken)
    {
        var (envelope, body) = (received.Envelope, received.Body);
        return ApplyAsync(
            envelope, body.Amount, body.Currency,
            amount => new(
                envelope, body.RefundId, amount, RefundStatus.Failed, RefundSource.Request, body.Reason, ProviderReference: null));
    }

    private async Task<HandlingResult> ApplyAsync(
        ReceivedEnvelope envelope, decimal amount, string currency, Func<Money, RefundResult> resultOf)
    {
        if (amount <= 0 || !Money.TryCreate(amount, currency, out var money))
            return HandlingResult.Reject("the refund has no amount that its currency can express");
        var result = resultOf(money);
        var applied = await committer.WriteAsync(ApplyRefundResult.Write, result);
        if (!applied.OrderExists)
            return HandlingResult.Reject($"there is no order {envelope.OrderId} in {currency}");
        if (!applied.IsNew)
            metrics.Duplicate();
        else if (applied.IsChanged)
            metrics.RefundFinished(result.Status, result.Source);
        return HandlingResult.Done;
    }
}
