using System.Globalization;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Stripe;

internal sealed record StripeRefund(
    string Id, string Object, long Amount, string Currency, string Charge, string PaymentIntent, string Status, long Created,
    IReadOnlyDictionary<string, string> Metadata, string? Reason);

internal sealed record StripeRefundList(string Object, string Url, bool HasMore, IReadOnlyList<StripeRefund> Data);

/// <summary>Refunds of a charge, up to what is left of it. Of the metadata of a refund the entry <c>refund_id</c> is kept.</summary>
internal static class StripeRefunds
{
    private const string RefundId = "refund_id";
    private const int LongestId = 100;

    public static async Task<IResult> CreateAsync(
        HttpContext http, IdempotentCalls calls, LedgerIndex index, RefundWriter refunds, WebhookSender webhooks, CallCounter counter)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var (id, reference) = (form["charge"].ToString(), form[$"metadata[{RefundId}]"].ToString() is { Length: > 0 } given ? given : null);
        if (!long.TryParse(form["amount"], NumberStyles.None, CultureInfo.InvariantCulture, out var units) || units <= 0)
            return Invalid("amount", "Invalid positive integer.", "parameter_invalid_integer");
        if (reference?.Length > LongestId) return Invalid("metadata", "This simulator keeps short ids.");

        return await calls.AnswerAsync(
            http,
            StripeErrors.Errors,
            isSameRequest: entry => entry is Refund { IsChargeback: false } refund && index.IdOf(refund.Charge) == id
                && View(index, refund).Amount == units && refund.Reference == reference,
            process: async key =>
            {
                if (index.FindCharge(id) is not { } charge) return new(StripeErrors.NoSuchCharge);
                var amount = StripeUnits.ToAmount(units, charge.Currency);
                var refund = await refunds.WriteAsync(charge, LedgerLine.OfRefund(key, id, amount, charge.Currency, reference));
                if (refund is null)
                    return new(charge.Refunded == charge.Amount ? StripeErrors.AlreadyRefunded : StripeErrors.LessIsLeft);
                StripeEvents.ReportRefund(webhooks, index, refund);
                return new(refund);
            },
            answer: entry => TypedResults.Json(View(index, (Refund)entry), StripeJson.Default.StripeRefund));

        IResult Invalid(string name, string message, string code = "parameter_invalid")
        {
            counter.Count(CallOutcome.Invalid);
            return StripeErrors.InvalidParameter(name, message, code);
        }
    }

    /// <summary>The look-up: the refunds of a charge, the latest first.</summary>
    public static IResult List(HttpContext http, LedgerIndex index, CallCounter counter)
    {
        string? id = http.Request.Query["charge"];
        if (string.IsNullOrEmpty(id))
            return StripeErrors.InvalidParameter("charge", "This simulator lists only the refunds of one charge.");
        if (index.FindCharge(id) is not { } charge) return StripeErrors.NoSuchCharge;
        var limit = int.TryParse(http.Request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 10;
        counter.Count(CallOutcome.LookedUp);
        var refunds = index.RefundsOf(charge).OrderByDescending(refund => refund.Sequence).Select(refund => View(index, refund)).ToList();
        return TypedResults.Json(
            new StripeRefundList("list", "/v1/refunds", refunds.Count > limit, [.. refunds.Take(limit)]),
            StripeJson.Default.StripeRefundList);
    }

    internal static StripeRefund View(LedgerIndex index, Refund refund) => new(
        index.IdOf(refund), "refund", StripeUnits.Of(refund.Amount, refund.Charge.Currency), refund.Charge.Currency.ToLowerInvariant(),
        index.IdOf(refund.Charge), StripeIntents.IntentIdOf(index, refund.Charge), Entry.SucceededStatus,
        refund.CreatedAt.ToUnixTimeSeconds(),
        refund.Reference is { } reference
            ? new Dictionary<string, string>(StringComparer.Ordinal) { [RefundId] = reference }
            : new Dictionary<string, string>(StringComparer.Ordinal),
        refund.Reason);
}
