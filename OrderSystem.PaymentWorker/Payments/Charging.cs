using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Asks the provider for what is certain about a charge, and commits it. Only an answer of the provider is an outcome. Without one the
/// payment is unknown: the same key again, later a look-up by order as well, at last a person. Never a new key.
/// </summary>
internal sealed partial class Charging(
    GroupCommitter committer, IServiceProvider services, RetryBudget budget, PaymentMetrics metrics, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Charging> logger)
{
    /// <summary>Attempts that a redelivery of the message drives; after these the payment waits in the database, where waiting costs nothing.</summary>
    private const int AttemptsByMessage = 3;

    private static readonly TimeSpan NotSentWait = TimeSpan.FromSeconds(1);

    /// <summary>Goes on with a payment that this worker holds the lease of.</summary>
    internal async Task<HandlingResult> ChargeAsync(Payment payment, ReceivedEnvelope? received, CancellationToken cancellationToken)
    {
        var lookUp = payment.Attempts > AttemptsByMessage;
        if (payment.Attempts > 1 && !budget.TrySpend(lookUp ? 2 : 1))
            return await WaitForBudgetAsync(payment, received);
        var outcome = await AskAsync(payment, lookUp, cancellationToken);
        if (payment.Attempts == 1 && outcome.Calls.Count > 0)
            budget.Earn();

        return outcome.Status switch
        {
            ChargeStatus.Succeeded => await RecordAsync(
                payment, outcome, "succeeded", new PaymentSucceeded(payment.OrderId, payment.PaymentId, payment.Amount, payment.Currency, outcome.Reference!), received),
            ChargeStatus.Declined => await RecordAsync(
                payment, outcome, "declined", new PaymentDeclined(payment.OrderId, payment.PaymentId, payment.Amount, payment.Currency, outcome.Reason!, outcome.Reference), received),
            ChargeStatus.Refused => await ReviewAsync(payment, outcome, received),
            ChargeStatus.NotSent => await RetryAsync(payment, outcome, NotSentWait),
            _ => await WaitOrReviewAsync(payment, outcome, received),
        };
    }

    private async Task<ChargeOutcome> AskAsync(Payment payment, bool lookUp, CancellationToken cancellationToken)
    {
        var gateway = services.GetRequiredService<PaymentGatewayClient>();
        var found = lookUp ? await gateway.FindAsync(payment.OrderId, cancellationToken) : ChargeOutcome.Unknown("not asked yet");
        if (found.Status != ChargeStatus.Unknown || time.GetUtcNow() - payment.FirstAttemptAt >= options.Value.KeyLifetime)
            return found;
        var charged = await gateway.ChargeAsync(payment.OrderId, payment.Amount, payment.Currency, payment.ProviderKey, cancellationToken);
        return charged with { Calls = [.. found.Calls, .. charged.Calls] };
    }

    /// <summary>The payment waits in the database, from where <see cref="OpenPayments"/> takes as many as the budget has room for.</summary>
    private async Task<HandlingResult> WaitForBudgetAsync(Payment payment, ReceivedEnvelope? received)
    {
        Log.OverBudget(logger, payment.OrderId);
        await committer.WriteAsync(SuspendCharge.Instance, new(payment.OrderId, "the retry budget is used up", TimeSpan.Zero, [], received));
        return HandlingResult.Done;
    }

    private async Task<HandlingResult> WaitOrReviewAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        Log.Unknown(logger, payment.OrderId, payment.Attempts, outcome.Reason!);
        if (payment.Attempts < AttemptsByMessage)
            return await RetryAsync(payment, outcome, TimeSpan.FromSeconds(Math.Pow(2, payment.Attempts - 1)));

        var schedule = options.Value.ReconcileAfter ?? GatewayOptions.DefaultReconcileAfter;
        var step = payment.Attempts - AttemptsByMessage;
        if (step >= schedule.Length)
            return await ReviewAsync(payment, outcome, received);
        await committer.WriteAsync(SuspendCharge.Instance, new(payment.OrderId, outcome.Reason!, schedule[step], outcome.Calls, received));
        return HandlingResult.Done;
    }

    /// <summary>The lease goes back first: the next delivery must find it free.</summary>
    private async Task<HandlingResult> RetryAsync(Payment payment, ChargeOutcome outcome, TimeSpan wait)
    {
        await committer.WriteAsync(SuspendCharge.Instance, new(payment.OrderId, outcome.Reason!, TimeSpan.Zero, outcome.Calls));
        return HandlingResult.Retry(wait, outcome.Reason!);
    }

    private Task<HandlingResult> ReviewAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        Log.Review(logger, payment.OrderId, outcome.Reason!);
        return RecordAsync(payment, outcome, "review", new PaymentReviewRequired(payment.OrderId, payment.PaymentId, outcome.Reason!), received);
    }

    private async Task<HandlingResult> RecordAsync<TEvent>(Payment payment, ChargeOutcome outcome, string status, TEvent told, ReceivedEnvelope? received)
        where TEvent : IOrderEvent
    {
        await committer.WriteAsync(
            RecordOutcome.Instance,
            new("charging,unknown", status, outcome.Reference, outcome.Reason, outcome.Calls, StoredEvent.Create(told, version: 1, time.GetUtcNow()), received));
        metrics.Ended(status);
        return HandlingResult.Done;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3001, Level = LogLevel.Warning, Message = "Whether order {OrderId} was charged is unknown after attempt {Attempt}: {Reason}. It is asked again with the same key.")]
        internal static partial void Unknown(ILogger logger, Guid orderId, int attempt, string reason);

        [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "The payment of order {OrderId} needs a person: {Reason}.")]
        internal static partial void Review(ILogger logger, Guid orderId, string reason);

        [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "Order {OrderId} is not asked for again yet: the retry budget is used up.")]
        internal static partial void OverBudget(ILogger logger, Guid orderId);
    }
}
