using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment to refund.</summary>
internal sealed record OpenRefund(
    Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ProviderReference, Guid RefundKey, int RefundAttempts)
{
    /// <summary>It may have been refunded before a restore, or the provider may have forgotten the key.</summary>
    internal bool IsInDoubt { get; init; }
}

/// <summary>
/// Refunds a charge, idempotently: one key derived from the order, and a look-up where the provider may have forgotten an earlier call.
/// </summary>
internal sealed partial class Refunding(
    GroupCommitter committer, Inquiry inquiry, RetryBudget budget, PaymentMetrics metrics, TimeProvider time, ILogger<Refunding> logger)
{
    /// <summary>After so many attempts the provider may have forgotten the key.</summary>
    private const int AttemptsWithoutLookUp = 3;

    private static readonly PaymentStatus[] Open = [PaymentStatus.Refunding];
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ForBudget = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WhileOpen = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileUnavailable = TimeSpan.FromSeconds(30);

    internal async Task RefundAsync(OpenRefund refund, CancellationToken cancellationToken)
    {
        var lookUpFirst = refund.IsInDoubt || refund.RefundAttempts > AttemptsWithoutLookUp;
        var spent = refund.RefundAttempts == 1 ? 0 : lookUpFirst ? 2 : 1;
        if (!budget.TrySpend(spent))
        {
            await committer.WriteAsync(
                SuspendCharge.Write, new(refund.OrderId, "the retry budget is exhausted", ForBudget, [], Counts: false));
            return;
        }

        var outcome = await inquiry.RefundAsync(refund, lookUpFirst, cancellationToken);
        if (refund.RefundAttempts == 1 && outcome.Calls.Count > 0)
            budget.Earn();
        budget.Settle(spent, outcome);
        switch (outcome.Status)
        {
            case ChargeStatus.Succeeded:
                await RecordAsync(outcome, PaymentStatus.Refunded, new PaymentRefunded(
                    refund.OrderId, refund.PaymentId, refund.Amount, refund.Currency, outcome.Reference!,
                    outcome.Found is null ? "the order was cancelled" : "it was refunded before"));
                break;
            case ChargeStatus.Unknown or ChargeStatus.Unavailable or ChargeStatus.Processing:
                var wait = WaitAfter(outcome, refund.RefundAttempts);
                Log.Unknown(logger, refund.OrderId, outcome.Reason!, wait.TotalSeconds);
                await committer.WriteAsync(SuspendCharge.Write, new(
                    refund.OrderId, outcome.Reason!, wait, outcome.Calls, Counts: outcome.Status != ChargeStatus.Unavailable));
                break;
            default:
                Log.Review(logger, refund.OrderId, outcome.Reason!);
                await RecordAsync(outcome, PaymentStatus.Review, new PaymentReviewRequired(
                    refund.OrderId, refund.PaymentId, $"the refund was refused: {outcome.Reason}"));
                break;
        }
    }

    private static TimeSpan WaitAfter(ChargeOutcome outcome, int attempts)
    {
        var wait = outcome.Failure == ProviderFailure.Circuit ? WhileOpen : outcome.Status == ChargeStatus.Unavailable ? WhileUnavailable
            : TimeSpan.FromTicks(Math.Min(TimeSpan.FromSeconds(Math.Pow(2, Math.Min(attempts - 1, 10))).Ticks, LongestWait.Ticks));
        return outcome.RetryAfter > wait ? outcome.RetryAfter.Value : wait;
    }

    private async Task RecordAsync<TEvent>(ChargeOutcome outcome, PaymentStatus status, TEvent body)
        where TEvent : IOrderEvent
    {
        await committer.WriteAsync(RecordOutcome.Write, new(Open, status, StoredEvent.CreateUnnumbered(body, time.GetUtcNow()))
        {
            Reference = outcome.Reference,
            Reason = outcome.Reason,
            Calls = outcome.Calls,
        });
        metrics.Ended(status);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3101, Level = LogLevel.Warning,
            Message = "Refund of order {OrderId} has an unknown outcome ({Reason}); retrying with the same key in {Seconds:0} s.")]
        internal static partial void Unknown(ILogger logger, Guid orderId, string reason, double seconds);

        [LoggerMessage(EventId = 3102, Level = LogLevel.Error, Message = "Refund of order {OrderId} needs manual review: {Reason}.")]
        internal static partial void Review(ILogger logger, Guid orderId, string reason);
    }
}
