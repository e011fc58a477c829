using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A refund of a paid order that ends.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">Its payment.</param>
/// <param name="RefundId">The refund; one without a row is new.</param>
/// <param name="Amount">Its amount.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Source">Who asked for it.</param>
/// <param name="RefundedTotal">What was refunded of the charge before it, as far as the caller knows.</param>
internal sealed record EndingRefund(
    Guid OrderId, Guid PaymentId, Guid RefundId, decimal Amount, string Currency, RefundSource Source, decimal RefundedTotal)
{
    /// <summary>Why it was requested.</summary>
    internal string? Reason { get; init; }

    /// <summary>The calls to the provider that led to its end.</summary>
    internal IReadOnlyList<ProviderCall> Calls { get; init; } = [];

    /// <summary>The message whose effect it is, if any.</summary>
    internal ReceivedEnvelope? Received { get; init; }
}

/// <summary>
/// Ends refunds, each with its event. The event tells the total, so that it is written only on top of the total that it was made for;
/// after another refund of the same order it is made again.
/// </summary>
internal sealed class EndRefund(GroupCommitter committer, PaymentMetrics metrics, TimeProvider time)
{
    /// <returns>False: the refund has ended before, or there is no payment of the order; nothing was written.</returns>
    internal Task<bool> SucceedAsync(EndingRefund refund, string reference) => WriteAsync(refund, reference, failure: null);

    /// <returns>As above.</returns>
    internal Task<bool> FailAsync(EndingRefund refund, string why, string? reference = null) => WriteAsync(refund, reference, why);

    private async Task<bool> WriteAsync(EndingRefund refund, string? reference, string? failure)
    {
        while (true)
        {
            var ended = RecordRefund.Of(refund, reference, failure, time.GetUtcNow());
            var recorded = await committer.WriteAsync(RecordRefund.Write, ended);
            if (recorded.Version > 0)
            {
                metrics.RefundEnded(ended.Status, refund.Source);
                return true;
            }

            if (recorded.IsCurrent || recorded.RefundedTotal is not { } total)
                return false;
            refund = refund with { RefundedTotal = total };
        }
    }
}
