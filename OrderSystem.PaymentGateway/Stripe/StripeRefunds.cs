using System.Globalization;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Stripe;

internal sealed record StripeRefund(string Id, string Object, long Amount, string Currency, string Charge, string Status);

/// <summary>Refunds of a charge, up to what is left of it.</summary>
internal static class StripeRefunds
{
    public static async Task<IResult> CreateAsync(
        HttpContext http, IdempotentCalls calls, LedgerIndex index, LedgerWriter ledger, CallCounter counter, TimeProvider time)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var id = form["charge"].ToString();
        if (!long.TryParse(form["amount"], NumberStyles.None, CultureInfo.InvariantCulture, out var units) || units <= 0)
        {
            counter.Count(CallOutcome.Invalid);
            return StripeErrors.InvalidParameter("amount", "Invalid positive integer.", "parameter_invalid_integer");
        }

        return await calls.AnswerAsync(
            http,
            StripeErrors.Errors,
            isSameRequest: entry => entry is Refund refund && index.IdOf(refund.Charge) == id && View(index, refund).Amount == units,
            process: async key =>
            {
                if (index.FindCharge(id) is not { } charge) return new(StripeErrors.NoSuchCharge);
                var amount = StripeUnits.ToAmount(units, charge.Currency);
                if (!index.TryReserve(charge, amount, time.GetUtcNow())) return new(StripeErrors.NotRefundable);
                try
                {
                    var entry = await ledger.AppendAsync(LedgerLine.OfRefund(key, id, amount, charge.Currency));
                    counter.Count(CallOutcome.Refunded);
                    return new(entry);
                }
                catch (IOException)
                {
                    index.ReleaseReservation(charge, amount);
                    throw;
                }
            },
            answer: entry => TypedResults.Json(View(index, (Refund)entry), StripeJson.Default.StripeRefund));
    }

    private static StripeRefund View(LedgerIndex index, Refund refund) => new(
        index.IdOf(refund), "refund", StripeUnits.Of(refund.Amount, refund.Charge.Currency), refund.Charge.Currency.ToLowerInvariant(),
        index.IdOf(refund.Charge), Entry.SucceededStatus);
}
