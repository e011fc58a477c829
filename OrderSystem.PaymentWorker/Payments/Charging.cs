using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Charges a payment and commits its outcome. Only an answer of the provider is an outcome. Without one the outcome is unknown: retry with
/// the same key, later with a look-up first, at last manual review. Never a new key. A call without effect changes nothing: the payment
/// waits, however long the outage lasts.
/// </summary>
internal sealed partial class Charging(
    GroupCommitter committer, Inquiry inquiry, Processing processing, PaymentMethods methods, Doubt doubt, RetryBudget budget,
    PaymentMetrics metrics, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Charging> logger)
{
    /// <summary>
    /// Attempts that redeliveries of the message drive; after these the payment waits in the database, where waiting is free.
    /// </summary>
    private const int AttemptsByMessage = 3;

    private static readonly PaymentStatus[] Open = [PaymentStatus.Charging, PaymentStatus.Unknown, PaymentStatus.Processing];
    private static readonly TimeSpan WhileOpen = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileUnavailable = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WithoutMethod = TimeSpan.FromSeconds(15);

    /// <summary>Resumes a payment whose lease this worker holds.</summary>
    internal async Task<HandlingResult> ChargeAsync(Payment payment, ReceivedEnvelope? received, CancellationToken cancellationToken)
    {
        // A payment in processing is only looked up.
        var isProcessing = payment.ProcessingFor is not null;
        var method = isProcessing ? default : await methods.OfAsync(payment, cancellationToken);
        if (method.IsUnavailable && !payment.WasCalled)
            return await WaitForMethodAsync(
                payment, new(ChargeOutcome.Unavailable(ProviderFailure.PaymentMethod, method.WhyNot!), Counts: false), received);
        payment = payment with { Method = method.Token };
        var lookUpFirst = LooksUpFirst(payment, received) || method.WhyNot is not null;
        var spent = !payment.WasCalled ? 0 : lookUpFirst && !payment.IsCancelled && !isProcessing ? 2 : 1;
        if (!budget.TrySpend(spent))
            return await WaitForBudgetAsync(payment, received);
        var answer = isProcessing ? new(await processing.LookUpAsync(payment, cancellationToken), Counts: false)
            : payment.IsCancelled ? new(await inquiry.FindAsync(payment, cancellationToken), Counts: false)
            : await inquiry.ChargeAsync(payment, lookUpFirst, cancellationToken);
        var outcome = answer.Outcome;
        if (!payment.WasCalled && outcome.Calls.Count > 0)
            budget.Earn();
        budget.Settle(spent, outcome);

        return outcome.Status switch
        {
            ChargeStatus.Succeeded => await SucceededAsync(payment, outcome, received),
            ChargeStatus.Declined when payment.Amount is { } amount => await RecordAsync(
                payment, outcome, PaymentStatus.Declined,
                new PaymentDeclined(payment.OrderId, payment.PaymentId, amount, payment.Currency!, outcome.Reason!, outcome.Reference),
                received),
            ChargeStatus.Processing => await AwaitAsync(payment, outcome, received),
            ChargeStatus.Unknown or ChargeStatus.Unavailable when isProcessing => await AwaitAsync(payment, outcome, received),
            ChargeStatus.None or ChargeStatus.Declined => await NoChargeAsync(payment, outcome, received),
            ChargeStatus.Refused => await ReviewAsync(payment, outcome, received),
            ChargeStatus.Unavailable when outcome.Failure == ProviderFailure.PaymentMethod =>
                await WaitForMethodAsync(payment, answer, received),
            ChargeStatus.Unavailable => await RetryAsync(
                payment, answer, outcome.Failure == ProviderFailure.Circuit ? WhileOpen : WhileUnavailable, received),
            _ => await WaitOrReviewAsync(payment, answer, received),
        };
    }

    /// <summary>No look-up is needed on the first delivery of a new event, and on retries while the provider still knows the key.</summary>
    private bool LooksUpFirst(Payment payment, ReceivedEnvelope? received) =>
        payment.IsInDoubt || payment.Attempts > AttemptsByMessage || doubt.IsExpired(payment.FirstAttemptAt)
        || (payment.Attempts == 1 && (received is null || doubt.IsRepublished(received)));

    /// <summary>
    /// The payment waits in the database, from where <see cref="OpenPayments"/> takes as many as the retry budget allows.
    /// </summary>
    private async Task<HandlingResult> WaitForBudgetAsync(Payment payment, ReceivedEnvelope? received)
    {
        Log.OverBudget(logger, payment.OrderId);
        await committer.WriteAsync(
            SuspendCharge.Write, new(payment.OrderId, "the retry budget is exhausted", TimeSpan.Zero, [], Counts: false, received));
        return HandlingResult.Done;
    }

    private async Task<HandlingResult> AwaitAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        await processing.AwaitAsync(payment, outcome, received);
        return HandlingResult.Done;
    }

    /// <summary>
    /// In the database, not in the stream: there its message would count as unacknowledged, and hold up the orders of others.
    /// </summary>
    private async Task<HandlingResult> WaitForMethodAsync(Payment payment, Answer answer, ReceivedEnvelope? received)
    {
        await SuspendAsync(payment, answer, WithoutMethod, received);
        return HandlingResult.Done;
    }

    private Task<HandlingResult> SucceededAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received) =>
        (payment.Amount ?? outcome.Found?.Amount, payment.Currency ?? outcome.Found?.Currency) is ({ } amount, { } currency)
            ? RecordAsync(payment with { Amount = amount, Currency = currency }, outcome, PaymentStatus.Succeeded,
                new PaymentSucceeded(payment.OrderId, payment.PaymentId, amount, currency, outcome.Reference!), received)
            : ReviewAsync(payment, outcome with { Reason = "the provider does not tell the charged amount" }, received);

    /// <summary>A cancelled order without a charge. A second look-up after the longest call confirms that nothing was in flight.</summary>
    private async Task<HandlingResult> NoChargeAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        await committer.WriteAsync(
            SuspendCharge.Write,
            new(payment.OrderId, outcome.Reason!, options.Value.Lease, outcome.Calls, Counts: false, received) { HasNoCharge = true });
        return HandlingResult.Done;
    }

    /// <summary>Only attempts that count lead to review; an unreachable provider is retried without end.</summary>
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

    /// <summary>Releases the lease before the NAK: the redelivery must find it free. A long wait is spent in the database.</summary>
    private async Task<HandlingResult> RetryAsync(Payment payment, Answer answer, TimeSpan wait, ReceivedEnvelope? received)
    {
        var isLong = answer.Outcome.RetryAfter > wait;
        await SuspendAsync(payment, answer, isLong || received is null ? wait : TimeSpan.Zero, isLong ? received : null);
        return isLong ? HandlingResult.Done : HandlingResult.Retry(wait, answer.Outcome.Reason!);
    }

    private Task SuspendAsync(Payment payment, Answer answer, TimeSpan wait, ReceivedEnvelope? received)
    {
        var outcome = answer.Outcome;
        return committer.WriteAsync(
            SuspendCharge.Write,
            new(
                payment.OrderId, outcome.Reason!, outcome.RetryAfter > wait ? outcome.RetryAfter.Value : wait,
                outcome.Calls, answer.Counts, received) { EndsDoubt = answer.HadNone });
    }

    private Task<HandlingResult> ReviewAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        Log.Review(logger, payment.OrderId, outcome.Reason!);
        return RecordAsync(
            payment, outcome, PaymentStatus.Review,
            new PaymentReviewRequired(payment.OrderId, payment.PaymentId, outcome.Reason!), received);
    }

    private async Task<HandlingResult> RecordAsync<TEvent>(
        Payment payment, ChargeOutcome outcome, PaymentStatus status, TEvent body, ReceivedEnvelope? received)
        where TEvent : IOrderEvent
    {
        await committer.WriteAsync(RecordOutcome.Write, new(Open, status, StoredEvent.CreateUnnumbered(body, time.GetUtcNow()))
        {
            Reference = outcome.Reference,
            Reason = outcome.Reason,
            Calls = outcome.Calls,
            Received = received,
            Amount = payment.Amount,
            Currency = payment.Currency,
        });
        metrics.Ended(status);
        return HandlingResult.Done;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3001, Level = LogLevel.Warning,
            Message = "Charge of order {OrderId} has an unknown outcome after attempt {Attempt} ({Reason}); retrying with the same key.")]
        internal static partial void Unknown(ILogger logger, Guid orderId, int attempt, string reason);

        [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "Payment of order {OrderId} needs manual review: {Reason}.")]
        internal static partial void Review(ILogger logger, Guid orderId, string reason);

        [LoggerMessage(EventId = 3003, Level = LogLevel.Information,
            Message = "Retry budget exhausted; the payment of order {OrderId} waits in the database.")]
        internal static partial void OverBudget(ILogger logger, Guid orderId);
    }
}
