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
/// payment is unknown: the same key again, later a look-up by order as well, at last a person. Never a new key. A call that certainly had no
/// effect changes nothing: the payment waits, for however long that lasts.
/// </summary>
internal sealed partial class Charging(
    GroupCommitter committer, Inquiry inquiry, Doubt doubt, RetryBudget budget, PaymentMetrics metrics, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Charging> logger)
{
    /// <summary>Attempts that a redelivery of the message drives; after these the payment waits in the database, where waiting costs nothing.</summary>
    private const int AttemptsByMessage = 3;

    private static readonly TimeSpan WhileOpen = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileUnavailable = TimeSpan.FromSeconds(5);

    /// <summary>Goes on with a payment that this worker holds the lease of.</summary>
    internal async Task<HandlingResult> ChargeAsync(Payment payment, ReceivedEnvelope? received, CancellationToken cancellationToken)
    {
        var lookUpFirst = LooksUpFirst(payment, received);
        var spent = !payment.WasAsked ? 0 : lookUpFirst && !payment.IsCancelled ? 2 : 1;
        if (!budget.TrySpend(spent))
            return await WaitForBudgetAsync(payment, received);
        var answer = payment.IsCancelled
            ? new(await inquiry.FindAsync(payment, cancellationToken), Counts: false)
            : await inquiry.ChargeAsync(payment, lookUpFirst, cancellationToken);
        var outcome = answer.Outcome;
        if (!payment.WasAsked && outcome.Calls.Count > 0)
            budget.Earn();
        budget.Settle(spent, outcome);

        return outcome.Status switch
        {
            ChargeStatus.Succeeded => await SucceededAsync(payment, outcome, received),
            ChargeStatus.Declined when payment.Amount is { } amount => await RecordAsync(
                payment, outcome, "declined", new PaymentDeclined(payment.OrderId, payment.PaymentId, amount, payment.Currency!, outcome.Reason!, outcome.Reference), received),
            ChargeStatus.None or ChargeStatus.Declined => await NothingToGiveBackAsync(payment, outcome, received),
            ChargeStatus.Refused => await ReviewAsync(payment, outcome, received),
            ChargeStatus.Unavailable => await RetryAsync(payment, answer, outcome.Failure == ProviderFailure.Circuit ? WhileOpen : WhileUnavailable, received),
            _ => await WaitOrReviewAsync(payment, answer, received),
        };
    }

    /// <summary>The one call without a look-up before it is the first for an event that has just come for the first time, and its repetitions under a key that the provider knows.</summary>
    private bool LooksUpFirst(Payment payment, ReceivedEnvelope? received) =>
        payment.IsInDoubt || payment.Attempts > AttemptsByMessage || doubt.IsOver(payment.FirstAttemptAt) || (payment.Attempts == 1 && (received is null || doubt.IsRepeated(received)));

    /// <summary>The payment waits in the database, from where <see cref="OpenPayments"/> takes as many as the budget has room for.</summary>
    private async Task<HandlingResult> WaitForBudgetAsync(Payment payment, ReceivedEnvelope? received)
    {
        Log.OverBudget(logger, payment.OrderId);
        await committer.WriteAsync(SuspendCharge.Instance, new(payment.OrderId, "the retry budget is used up", TimeSpan.Zero, [], Counts: false, received));
        return HandlingResult.Done;
    }

    private Task<HandlingResult> SucceededAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received) =>
        (payment.Amount ?? outcome.Found?.Amount, payment.Currency ?? outcome.Found?.Currency) is ({ } amount, { } currency)
            ? RecordAsync(payment with { Amount = amount, Currency = currency }, outcome, "succeeded",
                new PaymentSucceeded(payment.OrderId, payment.PaymentId, amount, currency, outcome.Reference!), received)
            : ReviewAsync(payment, outcome with { Reason = "the provider does not say how much it has charged" }, received);

    /// <summary>A cancelled order without a charge. It has ended once that is said again after all that may have been on its way.</summary>
    private async Task<HandlingResult> NothingToGiveBackAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        await committer.WriteAsync(
            SuspendCharge.Instance, new(payment.OrderId, outcome.Reason!, options.Value.Lease, outcome.Calls, Counts: false, received) { HasNoCharge = true });
        return HandlingResult.Done;
    }

    /// <summary>Only what was asked and answered brings a payment nearer to its review; a provider that says nothing at all is asked again and again.</summary>
    private async Task<HandlingResult> WaitOrReviewAsync(Payment payment, Answer answer, ReceivedEnvelope? received)
    {
        var outcome = answer.Outcome;
        Log.Unknown(logger, payment.OrderId, payment.Attempts, outcome.Reason!);
        if (payment.Attempts < AttemptsByMessage)
            return await RetryAsync(payment, answer, TimeSpan.FromSeconds(Math.Pow(2, payment.Attempts - 1)), received);

        var schedule = options.Value.ReconcileAfter ?? GatewayOptions.DefaultReconcileAfter;
        var step = payment.Attempts - AttemptsByMessage;
        if (step >= schedule.Length && answer.Counts)
            return await ReviewAsync(payment, outcome, received);
        await SuspendAsync(payment, answer, schedule[Math.Min(step, schedule.Length - 1)], received);
        return HandlingResult.Done;
    }

    /// <summary>The lease goes back first: the next delivery must find it free. A long wait is spent in the database.</summary>
    private async Task<HandlingResult> RetryAsync(Payment payment, Answer answer, TimeSpan wait, ReceivedEnvelope? received)
    {
        var isLong = answer.Outcome.RetryAfter > wait;
        await SuspendAsync(payment, answer, isLong || received is null ? wait : TimeSpan.Zero, isLong ? received : null);
        return isLong ? HandlingResult.Done : HandlingResult.Retry(wait, answer.Outcome.Reason!);
    }

    private Task SuspendAsync(Payment payment, Answer answer, TimeSpan wait, ReceivedEnvelope? takenOver)
    {
        var outcome = answer.Outcome;
        return committer.WriteAsync(
            SuspendCharge.Instance,
            new(payment.OrderId, outcome.Reason!, outcome.RetryAfter > wait ? outcome.RetryAfter.Value : wait, outcome.Calls, answer.Counts, takenOver) { EndsDoubt = answer.HadNone });
    }

    private Task<HandlingResult> ReviewAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        Log.Review(logger, payment.OrderId, outcome.Reason!);
        return RecordAsync(payment, outcome, "review", new PaymentReviewRequired(payment.OrderId, payment.PaymentId, outcome.Reason!), received);
    }

    private async Task<HandlingResult> RecordAsync<TEvent>(Payment payment, ChargeOutcome outcome, string status, TEvent told, ReceivedEnvelope? received)
        where TEvent : IOrderEvent
    {
        var stored = StoredEvent.Create(told, version: 1, time.GetUtcNow());
        await committer.WriteAsync(
            RecordOutcome.Instance,
            new("charging,unknown", status, outcome.Reference, outcome.Reason, outcome.Calls, stored, received) { Amount = payment.Amount, Currency = payment.Currency });
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
