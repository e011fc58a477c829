using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Payments whose outcome comes later. The provider has accepted the charge, so that it is only looked up, and never charged again. None
/// of that is an attempt towards review; only the limit of the provider's time is.
/// </summary>
internal sealed class Processing(GroupCommitter committer, Inquiry inquiry, ProcessingSchedule schedule)
{
    /// <summary>
    /// Looks the payment up. An answer that it is over, or that the provider has had all its time, is an outcome for the caller to record.
    /// </summary>
    internal async Task<ChargeOutcome> LookUpAsync(Payment payment, CancellationToken cancellationToken)
    {
        var found = await inquiry.FindAsync(payment, cancellationToken);
        return found switch
        {
            { Found.IsRefunded: true } when !payment.IsCancelled =>
                found with { Status = ChargeStatus.Refused, Reason = Inquiry.RefundedUnasked },

            // The provider has accepted the charge, so that a list without it is behind.
            { Status: ChargeStatus.Processing or ChargeStatus.None } when schedule.IsOver(payment.ProcessingFor ?? TimeSpan.Zero) =>
                found with { Status = ChargeStatus.Refused, Reason = $"the provider has had its time without an outcome: {found.Reason}" },
            { Status: ChargeStatus.None } => found with { Status = ChargeStatus.Processing },
            _ => found,
        };
    }

    /// <summary>Lets the payment wait for its outcome.</summary>
    internal Task AwaitAsync(Payment payment, ChargeOutcome outcome, ReceivedEnvelope? received)
    {
        var wait = outcome.IsAnswer ? schedule.NextAfter(payment.ProcessingFor ?? TimeSpan.Zero) : schedule.Again;
        return committer.WriteAsync(AwaitOutcome.Write, new(
            payment.OrderId, outcome.Reference, outcome.Reason!, outcome.RetryAfter > wait ? outcome.RetryAfter.Value : wait,
            outcome.Calls, received));
    }
}
