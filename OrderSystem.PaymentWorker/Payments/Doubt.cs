using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Envelope;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Whether this database can know that the provider was never asked about an order. It can, by having no payment of it, when the event comes
/// for the first time. An event that was there before may have led to a payment that a restore has lost.
/// </summary>
internal sealed class Doubt(IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Whether a payment that the event meets for the first time may be known to the provider.</summary>
    internal bool About(ReceivedEnvelope received) => received.Delivery > 1 || IsRepeated(received);

    /// <summary>Whether the event is a repetition, or so old that the provider may have forgotten the key.</summary>
    internal bool IsRepeated(ReceivedEnvelope received) =>
        received.IsSentAgain || received.OccurredAt is not { } at || IsOver(at);

    /// <summary>Whether a key that was used then may be forgotten by now.</summary>
    internal bool IsOver(DateTimeOffset usedAt) => time.GetUtcNow() - usedAt >= options.Value.KeyLifetime;
}
