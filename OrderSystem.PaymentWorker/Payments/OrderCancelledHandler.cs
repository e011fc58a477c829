using System.Diagnostics;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>Handles a cancellation: the order is not charged any more, and <see cref="OpenPayments"/> refunds a charge.</summary>
internal sealed class OrderCancelledHandler(GroupCommitter committer, OpenPayments open, Doubt doubt) : IEventHandler<OrderCancelled>
{
    public async Task<HandlingResult> HandleAsync(ReceivedEvent<OrderCancelled> received, CancellationToken cancellationToken)
    {
        var cancelled = new CancelledOrder(received.Envelope, Guid.CreateVersion7(), Activity.Current?.Id, doubt.About(received.Envelope));
        if (await committer.WriteAsync(RequestRefund.Write, cancelled) is PaymentStatus.Refunding or PaymentStatus.Unknown)
            open.PollNow();
        return HandlingResult.Done;
    }
}
