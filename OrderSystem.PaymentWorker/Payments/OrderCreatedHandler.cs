using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>Handles a new order: charges it. If a worker dies at any point, the redelivery resumes with the same provider key.</summary>
internal sealed class OrderCreatedHandler(
    GroupCommitter committer, Charging charging, PaymentMethods methods, Doubt doubt, PaymentMetrics metrics,
    IOptions<GatewayOptions> options)
    : IEventHandler<OrderCreated>
{
    private static readonly TimeSpan WhileLeased = TimeSpan.FromSeconds(10);

    public async Task<HandlingResult> HandleAsync(ReceivedEvent<OrderCreated> received, CancellationToken cancellationToken)
    {
        var order = received.Body;
        var isInDoubt = doubt.About(received.Envelope);
        var intent = BeginCharge.Intent(order.OrderId, order.Total, order.Currency, options.Value.Lease, isInDoubt) with
        {
            HasMethod = order.HasPaymentMethod,

            // A duplicate may be about a finished payment, which needs none; an open one fetches it before its charge.
            Method = order.HasPaymentMethod && !isInDoubt ? (await methods.FetchAsync(order.OrderId, cancellationToken)).Token : null,
        };
        var begun = await committer.WriteAsync(BeginCharge.Write, intent);
        return begun.State switch
        {
            ChargeState.Begun => await charging.ChargeAsync(begun.Payment!, received.Envelope, cancellationToken),
            ChargeState.Mismatch => HandlingResult.Reject($"order {order.OrderId} is already being charged another amount"),
            ChargeState.Leased => HandlingResult.Retry(WhileLeased, "another worker holds the lease of the payment"),
            _ => await RepublishAsync(received.Envelope),
        };
    }

    private async Task<HandlingResult> RepublishAsync(ReceivedEnvelope received)
    {
        metrics.Duplicate();
        await committer.WriteAsync(RepublishOutcome.Write, received);
        return HandlingResult.Done;
    }
}
