using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Envelope;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Whether the provider may know a payment that this database does not. On the first delivery of an event, a missing row proves that the
/// provider was never called. An event that was delivered before may have led to a payment that a restore has lost.
/// </summary>
internal sealed class Doubt(IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Whether the provider may know the payment of this event although its row is new.</summary>
    internal bool About(ReceivedEnvelope received) => received.Delivery > 1 || IsRepublished(received);

    /// <summary>Whether the event was republished, or is older than the lifetime of provider keys.</summary>
    internal bool IsRepublished(ReceivedEnvelope received) =>
        received.IsRepublished || received.OccurredAt is not { } at || IsExpired(at);

    /// <summary>Whether the provider may have forgotten a key that was first used then.</summary>
    internal bool IsExpired(DateTimeOffset usedAt) => time.GetUtcNow() - usedAt >= options.Value.KeyLifetime;
}
