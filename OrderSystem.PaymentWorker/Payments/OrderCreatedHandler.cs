using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A new order is charged. Wherever a worker dies on the way, the next delivery goes on with the same key.</summary>
internal sealed class OrderCreatedHandler(GroupCommitter committer, Charging charging, Doubt doubt, PaymentMetrics metrics, IOptions<GatewayOptions> options) : IEventHandler<OrderCreated>
{
    private static readonly TimeSpan WhileLeased = TimeSpan.FromSeconds(10);

    public async Task<HandlingResult> HandleAsync(ReceivedEvent<OrderCreated> received, CancellationToken cancellationToken)
    {
        var order = received.Body;
        var begun = await committer.WriteAsync(BeginCharge.Instance, BeginCharge.Intent(order.OrderId, order.Total, order.Currency, options.Value.Lease, doubt.About(received.Envelope)));
        return begun.State switch
        {
            ChargeState.Begun => await charging.ChargeAsync(begun.Payment!, received.Envelope, cancellationToken),
            ChargeState.Mismatch => HandlingResult.Reject($"order {order.OrderId} is already being charged another amount"),
            ChargeState.Leased => HandlingResult.Retry(WhileLeased, "the payment is in other hands"),
            _ => await OfferAsync(received.Envelope),
        };
    }

    private async Task<HandlingResult> OfferAsync(ReceivedEnvelope received)
    {
        metrics.Duplicate();
        await committer.WriteAsync(OfferOutcome.Instance, received);
        return HandlingResult.Done;
    }
}
