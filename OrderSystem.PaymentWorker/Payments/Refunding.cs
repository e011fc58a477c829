using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment that has to be given back.</summary>
internal sealed record OpenRefund(Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ProviderReference, Guid RefundKey, int RefundAttempts)
{
    /// <summary>It may have been given back in an earlier life of this database, or the provider may have forgotten the key.</summary>
    internal bool IsInDoubt { get; init; }
}

/// <summary>Gives a charge back, as idempotently as it was made: one key, derived from the order, and a look-up where an earlier call may be forgotten.</summary>
internal sealed partial class Refunding(GroupCommitter committer, Inquiry inquiry, RetryBudget budget, PaymentMetrics metrics, TimeProvider time, ILogger<Refunding> logger)
{
    /// <summary>After so many the refund may be older than its key.</summary>
    private const int AttemptsWithoutLookUp = 3;

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
            await committer.WriteAsync(SuspendCharge.Instance, new(refund.OrderId, "the retry budget is used up", ForBudget, [], Counts: false));
            return;
        }

        var outcome = await inquiry.RefundAsync(refund, lookUpFirst, cancellationToken);
        if (refund.RefundAttempts == 1 && outcome.Calls.Count > 0)
            budget.Earn();
        budget.Settle(spent, outcome);
        switch (outcome.Status)
        {
            case ChargeStatus.Succeeded:
                await RecordAsync(outcome, "refunded", new PaymentRefunded(refund.OrderId, refund.PaymentId, refund.Amount, refund.Currency, outcome.Reference!,
                    outcome.Found is null ? "the order was cancelled" : "it was given back already"));
                break;
            case ChargeStatus.Unknown or ChargeStatus.Unavailable:
                var wait = WaitAfter(outcome, refund.RefundAttempts);
                Log.Unknown(logger, refund.OrderId, outcome.Reason!, wait.TotalSeconds);
                await committer.WriteAsync(SuspendCharge.Instance, new(refund.OrderId, outcome.Reason!, wait, outcome.Calls, Counts: outcome.Status == ChargeStatus.Unknown));
                break;
            default:
                Log.Review(logger, refund.OrderId, outcome.Reason!);
                await RecordAsync(outcome, "review", new PaymentReviewRequired(refund.OrderId, refund.PaymentId, $"the refund was refused: {outcome.Reason}"));
                break;
        }
    }

    private static TimeSpan WaitAfter(ChargeOutcome outcome, int attempts)
    {
        var wait = outcome.Failure == ProviderFailure.Circuit ? WhileOpen : outcome.Status == ChargeStatus.Unavailable ? WhileUnavailable
            : TimeSpan.FromTicks(Math.Min(TimeSpan.FromSeconds(Math.Pow(2, Math.Min(attempts - 1, 10))).Ticks, LongestWait.Ticks));
        return outcome.RetryAfter > wait ? outcome.RetryAfter.Value : wait;
    }

    private async Task RecordAsync<TEvent>(ChargeOutcome outcome, string status, TEvent told)
        where TEvent : IOrderEvent
    {
        await committer.WriteAsync(
            RecordOutcome.Instance,
            new("refunding", status, outcome.Reference, outcome.Reason, outcome.Calls, StoredEvent.Create(told, version: 2, time.GetUtcNow()), Received: null));
        metrics.Ended(status);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3101, Level = LogLevel.Warning, Message = "Whether order {OrderId} was refunded is unknown: {Reason}. It is asked again with the same key in {Seconds:0} s.")]
        internal static partial void Unknown(ILogger logger, Guid orderId, string reason, double seconds);

        [LoggerMessage(EventId = 3102, Level = LogLevel.Error, Message = "The refund of order {OrderId} needs a person: {Reason}.")]
        internal static partial void Review(ILogger logger, Guid orderId, string reason);
    }
}
