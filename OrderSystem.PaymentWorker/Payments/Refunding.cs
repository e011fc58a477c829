using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A refund whose lease this worker holds.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">Its payment.</param>
/// <param name="Amount">Amount to refund: of a cancelled order what is left of its charge.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ChargeReference">The charge at the provider.</param>
/// <param name="Key">Idempotency key of every attempt.</param>
/// <param name="Attempts">Attempts that may have refunded, the current one included.</param>
internal sealed record OpenRefund(
    Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ChargeReference, Guid Key, int Attempts)
{
    /// <summary>The provider was called for it before: this attempt is a retry.</summary>
    internal bool WasCalled { get => field || Attempts > 1; init; }

    /// <summary>It may have been refunded before a restore, or the provider may have forgotten the key.</summary>
    internal bool IsInDoubt { get; init; }

    /// <summary>How long the provider has been processing it; null when it does not.</summary>
    internal TimeSpan? ProcessingFor { get; init; }

    /// <summary>The refund of a paid order, as it would end; null for the charge of a cancelled one.</summary>
    internal EndingRefund? OfPaidOrder { get; init; }
}

/// <summary>
/// Refunds charges, idempotently: one key derived from the refund, or from the cancelled order, and a look-up where the provider may have
/// forgotten an earlier call.
/// </summary>
internal sealed partial class Refunding(
    GroupCommitter committer, Inquiry inquiry, EndRefund end, ProcessingSchedule schedule, RetryBudget budget, PaymentMetrics metrics,
    IOptions<GatewayOptions> options, TimeProvider time, ILogger<Refunding> logger)
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
        var isProcessing = refund.ProcessingFor is not null;
        var lookUpFirst = refund.IsInDoubt || refund.Attempts > AttemptsWithoutLookUp || isProcessing;
        var spent = !refund.WasCalled ? 0 : lookUpFirst && !isProcessing ? 2 : 1;
        if (!budget.TrySpend(spent))
        {
            await SuspendAsync(
                refund, new(ChargeOutcome.Unavailable(ProviderFailure.None, "the retry budget is exhausted"), Counts: false), ForBudget);
            return;
        }

        var answer = await inquiry.RefundAsync(refund, lookUpFirst, cancellationToken);
        if (!refund.WasCalled && answer.Outcome.Calls.Count > 0)
            budget.Earn();
        budget.Settle(spent, answer.Outcome);
        if (refund.OfPaidOrder is { } ofPaidOrder)
            await EndPartAsync(refund, ofPaidOrder with { Calls = answer.Outcome.Calls }, answer);
        else
            await EndWholeAsync(refund, answer);
    }

    /// <summary>The refund of a paid order fails for good when the provider declines it; what needs a person waits for one.</summary>
    private Task EndPartAsync(OpenRefund refund, EndingRefund ending, Answer answer)
    {
        var outcome = answer.Outcome;
        return outcome.Status switch
        {
            ChargeStatus.Succeeded => end.SucceedAsync(ending, outcome.Reference!),
            ChargeStatus.Declined => end.FailAsync(ending, outcome.Reason!, outcome.Reference),
            ChargeStatus.Processing when schedule.IsOver(refund.ProcessingFor ?? TimeSpan.Zero) =>
                ReviewAsync(refund, answer, "the provider has had its time without an outcome"),
            ChargeStatus.Processing => SuspendAsync(refund, answer, schedule.NextAfter(refund.ProcessingFor ?? TimeSpan.Zero)),
            ChargeStatus.Unknown or ChargeStatus.Unavailable when refund.ProcessingFor is not null =>
                SuspendAsync(refund, answer, schedule.Again),
            ChargeStatus.Unavailable => SuspendAsync(refund, answer, WaitAfter(outcome, refund.Attempts)),
            ChargeStatus.Unknown => WaitOrReviewAsync(refund, answer),
            _ => ReviewAsync(refund, answer, outcome.Reason!),
        };
    }

    /// <summary>Only attempts that count lead to review; an unreachable provider is retried without end.</summary>
    private Task WaitOrReviewAsync(OpenRefund refund, Answer answer)
    {
        var waits = options.Value.ReconcileAfter ?? GatewayOptions.DefaultReconcileAfter;
        var step = refund.Attempts - AttemptsWithoutLookUp;
        if (step >= waits.Length && answer.Counts)
            return ReviewAsync(refund, answer, answer.Outcome.Reason!);
        var wait = step < 0 ? WaitAfter(answer.Outcome, refund.Attempts) : waits[Math.Min(step, waits.Length - 1)];
        Log.PartUnknown(logger, refund.OfPaidOrder!.RefundId, refund.OrderId, answer.Outcome.Reason!, wait.TotalSeconds);
        return SuspendAsync(refund, answer, wait);
    }

    private Task ReviewAsync(OpenRefund refund, Answer answer, string why)
    {
        var id = refund.OfPaidOrder!.RefundId;
        Log.PartReview(logger, id, refund.OrderId, why, id);
        metrics.RefundEnded(RefundStatus.Review, refund.OfPaidOrder.Source);
        return committer.WriteAsync(
            SuspendRefund.Write,
            new(refund.OrderId, id, why, TimeSpan.Zero, answer.Outcome.Calls, answer.Counts) { NeedsReview = true });
    }

    private async Task EndWholeAsync(OpenRefund refund, Answer answer)
    {
        var outcome = answer.Outcome;
        switch (outcome.Status)
        {
            case ChargeStatus.Succeeded:
                await RecordAsync(outcome, PaymentStatus.Refunded, new PaymentRefunded(
                    refund.OrderId, refund.PaymentId, refund.Amount, refund.Currency, outcome.Reference!,
                    outcome.Found is null ? "the order was cancelled" : "it was refunded before"));
                break;
            case ChargeStatus.Unknown or ChargeStatus.Unavailable or ChargeStatus.Processing:
                var wait = WaitAfter(outcome, refund.Attempts);
                Log.Unknown(logger, refund.OrderId, outcome.Reason!, wait.TotalSeconds);
                await SuspendAsync(refund, answer, wait);
                break;
            default:
                Log.Review(logger, refund.OrderId, outcome.Reason!);
                await RecordAsync(outcome, PaymentStatus.Review, new PaymentReviewRequired(
                    refund.OrderId, refund.PaymentId, $"the refund was refused: {outcome.Reason}"));
                break;
        }
    }

    private Task SuspendAsync(OpenRefund refund, Answer answer, TimeSpan wait)
    {
        var outcome = answer.Outcome;
        if (outcome.RetryAfter > wait)
            wait = outcome.RetryAfter.Value;
        return refund.OfPaidOrder is { } part
            ? committer.WriteAsync(
                SuspendRefund.Write,
                new(refund.OrderId, part.RefundId, outcome.Reason!, wait, outcome.Calls, answer.Counts)
                {
                    IsProcessing = outcome.Status == ChargeStatus.Processing,
                    Reference = outcome.Status == ChargeStatus.Processing ? outcome.Reference : null,
                    EndsDoubt = answer.HadNone,
                })
            : committer.WriteAsync(
                SuspendCharge.Write, new(refund.OrderId, outcome.Reason!, wait, outcome.Calls, answer.Counts));
    }

    private static TimeSpan WaitAfter(ChargeOutcome outcome, int attempts) =>
        outcome.Failure == ProviderFailure.Circuit ? WhileOpen : outcome.Status == ChargeStatus.Unavailable ? WhileUnavailable
        : TimeSpan.FromTicks(Math.Min(TimeSpan.FromSeconds(Math.Pow(2, Math.Min(attempts - 1, 10))).Ticks, LongestWait.Ticks));

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

        [LoggerMessage(EventId = 3103, Level = LogLevel.Warning,
            Message = "Refund {RefundId} of order {OrderId} has an unknown outcome ({Reason}); retrying with the same key in "
                + "{Seconds:0} s.")]
        internal static partial void PartUnknown(ILogger logger, Guid refundId, Guid orderId, string reason, double seconds);

        [LoggerMessage(EventId = 3104, Level = LogLevel.Error,
            Message = "Refund {RefundId} of order {OrderId} needs manual review: {Reason}. POST /ops/refunds/{Id}/resolve ends it.")]
        internal static partial void PartReview(ILogger logger, Guid refundId, Guid orderId, string reason, Guid id);
    }
}
