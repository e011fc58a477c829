using OrderSystem.PaymentGateway.Answers;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>Writes what is given back of a charge, never more than the charge.</summary>
internal sealed class RefundWriter(LedgerIndex index, LedgerWriter ledger, CallCounter counter, TimeProvider time)
{
    /// <returns>Null when the charge did not succeed, or less than the amount of the line is left of it.</returns>
    public async Task<Refund?> WriteAsync(Charge charge, LedgerLine line)
    {
        if (!index.TryReserve(charge, line.Amount, time.GetUtcNow())) return null;
        try
        {
            var entry = await ledger.AppendAsync(line);
            counter.Count(CallOutcome.Refunded);
            return (Refund)entry;
        }
        catch (IOException)
        {
            index.ReleaseReservation(charge, line.Amount);
            throw;
        }
    }
}
