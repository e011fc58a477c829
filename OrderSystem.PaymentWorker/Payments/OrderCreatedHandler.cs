using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Charges an order exactly once: the intent with its key is committed, then the provider is called outside of any transaction, then the
/// outcome is committed with its event. Wherever it dies in between, the next delivery goes on with the same key.
/// </summary>
internal sealed partial class OrderCreatedHandler(GroupCommitter committer, IServiceProvider services, TimeProvider time, ILogger<OrderCreatedHandler> logger)
    : IEventHandler<OrderCreated>
{
    public async Task<HandlingResult> HandleAsync(ReceivedEvent<OrderCreated> received, CancellationToken cancellationToken)
    {
        var order = received.Body;
        var intent = new ChargeIntent(order.OrderId, PaymentId: Guid.CreateVersion7(), order.Total, order.Currency, ProviderKey: Guid.NewGuid());
        var payment = await committer.WriteAsync(BeginCharge.Instance, intent);
        switch (payment.State)
        {
            case ChargeState.Finished:
                return HandlingResult.Done;
            case ChargeState.Mismatch:
                return HandlingResult.Reject($"order {order.OrderId} is already being charged another amount");
            case ChargeState.Leased:
                return HandlingResult.Retry(BeginCharge.Lease, "another worker is charging the order");
            default:
                return await ChargeAsync(received, payment, cancellationToken);
        }
    }

    private async Task<HandlingResult> ChargeAsync(ReceivedEvent<OrderCreated> received, BegunCharge payment, CancellationToken cancellationToken)
    {
        var order = received.Body;
        var gateway = services.GetRequiredService<PaymentGatewayClient>();
        var outcome = await gateway.ChargeAsync(order.OrderId, order.Total, order.Currency, payment.ProviderKey, cancellationToken);
        switch (outcome.Status)
        {
            case ChargeStatus.Succeeded:
                await RecordAsync(received, outcome, new PaymentSucceeded(order.OrderId, payment.PaymentId, order.Total, order.Currency, outcome.Reference!));
                return HandlingResult.Done;
            case ChargeStatus.Declined:
                await RecordAsync(received, outcome, new PaymentDeclined(order.OrderId, payment.PaymentId, order.Total, order.Currency, outcome.Reference, outcome.Reason!));
                return HandlingResult.Done;
            case ChargeStatus.Unknown:
                Log.Unknown(logger, order.OrderId, payment.Attempts, outcome.Reason!);
                await committer.WriteAsync(SuspendCharge.Instance, new(order.OrderId, "unknown", outcome.Reason!));
                return HandlingResult.Retry(Backoff(payment.Attempts), outcome.Reason!);
            default:
                Log.Refused(logger, order.OrderId, outcome.Reason!);
                await committer.WriteAsync(SuspendCharge.Instance, new(order.OrderId, "review", outcome.Reason!));
                return HandlingResult.Reject(outcome.Reason!);
        }
    }

    private Task RecordAsync<TEvent>(ReceivedEvent<OrderCreated> received, ChargeOutcome outcome, TEvent told)
        where TEvent : IOrderEvent =>
        committer.WriteAsync(RecordOutcome.Instance, new(received.Envelope.EventId, outcome, StoredEvent.Create(told, version: 1, time.GetUtcNow())));

    private static TimeSpan Backoff(int attempts) => TimeSpan.FromSeconds(Math.Min(300, Math.Pow(2, Math.Min(attempts, 9))));

    private static partial class Log
    {
        [LoggerMessage(EventId = 3001, Level = LogLevel.Warning, Message = "Whether order {OrderId} was charged is unknown after attempt {Attempt}: {Reason}. It is asked again with the same key.")]
        internal static partial void Unknown(ILogger logger, Guid orderId, int attempt, string reason);

        [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "Charging order {OrderId} needs a person: {Reason}.")]
        internal static partial void Refused(ILogger logger, Guid orderId, string reason);
    }
}
