using System.Diagnostics;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Handles a requested refund: stores it, and <see cref="OpenPayments"/> makes it. The payment of a paid order is here, except after a
/// restore; then the refund waits for it.
/// </summary>
internal sealed class RefundRequestedHandler(
    GroupCommitter committer, OpenPayments open, Doubt doubt, EndRefund end) : IEventHandler<RefundRequested>
{
    private static readonly TimeSpan WhileStored = TimeSpan.FromSeconds(1);

    public async Task<HandlingResult> HandleAsync(ReceivedEvent<RefundRequested> received, CancellationToken cancellationToken)
    {
        var (envelope, refund) = (received.Envelope, received.Body);
        if (refund.Amount <= 0)
            return HandlingResult.Reject($"refund {refund.RefundId} has no positive amount");
        var begun = await committer.WriteAsync(BeginRefund.Write, new(
            envelope, refund.RefundId, refund.Amount, refund.Currency, refund.Reason, Activity.Current?.Id, doubt.About(envelope)));
        if (begun.IsNew)
        {
            open.PollNow();
            return HandlingResult.Done;
        }

        return begun switch
        {
            { Earlier: { } earlier } when (earlier.Amount, earlier.Currency) != (refund.Amount, refund.Currency) =>
                HandlingResult.Reject($"refund {refund.RefundId} is known with another amount"),
            { Earlier.Status: RefundStatus.Succeeded or RefundStatus.Failed } => await RepublishAsync(envelope),
            { Earlier: not null } => HandlingResult.Done,
            { Payment: null or { Status: PaymentStatus.Charging or PaymentStatus.Unknown or PaymentStatus.Processing } } =>
                HandlingResult.Retry(
                    TimeSpan.FromSeconds(Math.Pow(2, Math.Min(envelope.Delivery, 8))), "the payment of the order has no outcome here yet"),
            { Payment: { Status: PaymentStatus.Succeeded } payment } when payment.Currency == refund.Currency =>
                HandlingResult.Retry(WhileStored, "another worker has just stored the refund"),
            { Payment: { } payment } => await RefuseAsync(envelope, refund, payment),
        };
    }

    /// <summary>A redelivered request means that its outcome was lost.</summary>
    private async Task<HandlingResult> RepublishAsync(ReceivedEnvelope received)
    {
        await committer.WriteAsync(RepublishOutcome.Write, received);
        return HandlingResult.Done;
    }

    private async Task<HandlingResult> RefuseAsync(ReceivedEnvelope received, RefundRequested refund, RefundedPayment payment)
    {
        var why = payment.Status == PaymentStatus.Succeeded
            ? $"the payment is in {payment.Currency}"
            : $"the payment is {payment.Status.ToName()}";
        await end.FailAsync(
            new(refund.OrderId, payment.Id, refund.RefundId, refund.Amount, refund.Currency, RefundSource.Request, payment.RefundedTotal)
            {
                Reason = refund.Reason,
                Received = received,
            },
            why);
        return HandlingResult.Done;
    }
}
