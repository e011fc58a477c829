using System.Diagnostics;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A cancelled order is not charged; what was charged for it is given back, which <see cref="OpenPayments"/> does.</summary>
internal sealed class OrderCancelledHandler(GroupCommitter committer, OpenPayments open, Doubt doubt) : IEventHandler<OrderCancelled>
{
    public async Task<HandlingResult> HandleAsync(ReceivedEvent<OrderCancelled> received, CancellationToken cancellationToken)
    {
        var cancelled = new CancelledOrder(received.Envelope, Guid.CreateVersion7(), Activity.Current?.Id, doubt.About(received.Envelope));
        if (await committer.WriteAsync(RequestRefund.Instance, cancelled) is "refunding" or "unknown")
            open.LookNow();
        return HandlingResult.Done;
    }
}
