using System.Diagnostics;
using System.Globalization;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Stripe;

/// <summary>Amounts are in units of Stripe, and currencies in lower case.</summary>
internal sealed record StripeIntent(string Id, string Object, long Amount, string Currency, string Status, string? LatestCharge);

internal sealed record StripeCharge(
    string Id, string Object, long Amount, string Currency, string Status, bool Refunded, string PaymentIntent, long Created)
{
    public string? FailureCode { get; init; }

    public StripeOutcome? Outcome { get; init; }
}

internal sealed record StripeOutcome(string Reason);

internal sealed record StripeChargeList(string Object, string Url, bool HasMore, IReadOnlyList<StripeCharge> Data);

/// <summary>
/// Payment intents that are confirmed when they are created. The ledger keeps one entry for an intent and its charge; an entry that was
/// declined because its customer would have to act is an intent without a charge.
/// </summary>
internal static class StripeIntents
{
    internal const string RequiresAction = "requires_action";
    private const string OrderId = "metadata[order_id]";

    /// <summary>Stripe's payment methods for tests, with what becomes of a charge; any other one of the form pm_… succeeds.</summary>
    private static readonly Dictionary<string, string> Declining = new(StringComparer.Ordinal)
    {
        ["pm_card_visa_chargeDeclined"] = "generic_decline",
        ["pm_card_chargeDeclined"] = "generic_decline",
        ["pm_card_visa_chargeDeclinedInsufficientFunds"] = "insufficient_funds",
        ["pm_card_chargeDeclinedInsufficientFunds"] = "insufficient_funds",
        ["pm_card_authenticationRequired"] = RequiresAction,
        ["pm_card_threeDSecure2Required"] = RequiresAction,
    };

    // As with the HTTP contract, only the key is deduplicated.
    public static async Task<IResult> CreateAsync(
        HttpContext http, IdempotentCalls calls, LedgerIndex index, LedgerWriter ledger, WebhookSender webhooks, FaultInjector faults,
        CallCounter counter)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var (orderId, method, currency) =
            (form[OrderId].ToString(), form["payment_method"].ToString(), form["currency"].ToString().ToUpperInvariant());
        if (Validate(form, method) is { } invalid)
        {
            counter.Count(CallOutcome.Invalid);
            return invalid;
        }

        Activity.Current?.SetTag("order.id", orderId);
        var (order, amount) = (Fingerprint.Of(orderId), StripeUnits.ToAmount(UnitsOf(form), currency));
        return await calls.AnswerAsync(
            http,
            StripeErrors.Errors,
            isSameRequest: entry =>
                entry is Charge charge && charge.Order == order && charge.Amount == amount && charge.Currency == currency,
            process: async key =>
            {
                var reason = Declining.GetValueOrDefault(method) ?? faults.DeclineReason(orderId, amount);
                var settlesAt = reason == RequiresAction ? null : faults.SettlesAt(amount);
                var entry = await ledger.AppendAsync(LedgerLine.OfCharge(
                    key, orderId, amount, currency, reason, settlesAt, Webhook.Stripe));
                StripeEvents.Report(webhooks, index, (Charge)entry, orderId);
                counter.Count(settlesAt is not null ? CallOutcome.Processing
                    : reason is null ? CallOutcome.Succeeded : CallOutcome.Declined);
                return new(entry);
            },
            answer: entry => Answer(index, (Charge)entry, form["error_on_requires_action"] == "true"));
    }

    /// <summary>The look-up: the charges of a transfer group, the latest first.</summary>
    public static IResult ListCharges(HttpContext http, LedgerIndex index, CallCounter counter, TimeProvider time)
    {
        string? group = http.Request.Query["transfer_group"];
        if (string.IsNullOrEmpty(group))
            return StripeErrors.InvalidParameter("transfer_group", "This simulator lists only the charges of one transfer group.");
        var limit = int.TryParse(http.Request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 10;
        counter.Count(CallOutcome.LookedUp);
        Activity.Current?.SetTag("order.id", group);
        var charges = index.ChargesOf(Fingerprint.Of(group)).Where(charge => charge.Reason != RequiresAction)
            .OrderByDescending(charge => charge.Sequence).Select(charge => View(index, charge, time.GetUtcNow())).ToList();
        return TypedResults.Json(
            new StripeChargeList("list", "/v1/charges", charges.Count > limit, [.. charges.Take(limit)]),
            StripeJson.Default.StripeChargeList);
    }

    private static IResult Answer(LedgerIndex index, Charge charge, bool failsOnAction)
    {
        if (charge.WasProcessing) return Show(Intent(index, charge, Entry.ProcessingStatus, index.IdOf(charge)));
        if (charge.Succeeded) return Show(Intent(index, charge, "succeeded", index.IdOf(charge)));
        if (charge.Reason == RequiresAction)
        {
            return failsOnAction
                ? Declined(
                    Intent(index, charge, "requires_payment_method", null), "authentication_required", "authentication_required", null)
                : Show(Intent(index, charge, RequiresAction, null));
        }

        var id = index.IdOf(charge);
        return Declined(Intent(index, charge, "requires_payment_method", id), "card_declined", charge.Reason!, id);
    }

    private static IResult Show(StripeIntent intent) => TypedResults.Json(intent, StripeJson.Default.StripeIntent);

    private static IResult Declined(StripeIntent intent, string code, string declineCode, string? charge) =>
        StripeErrors.Of(402, new("card_error", "Your card was declined.")
        {
            Code = code,
            DeclineCode = declineCode,
            Charge = charge,
            PaymentIntent = intent,
        });

    private static StripeIntent Intent(LedgerIndex index, Charge charge, string status, string? latestCharge) => new(
        IntentIdOf(index, charge), "payment_intent", StripeUnits.Of(charge.Amount, charge.Currency), Lower(charge.Currency), status,
        latestCharge);

    internal static StripeCharge View(LedgerIndex index, Charge charge, DateTimeOffset now) => new(
        index.IdOf(charge), "charge", StripeUnits.Of(charge.Amount, charge.Currency), Lower(charge.Currency),
        charge.StatusAt(now) switch { Entry.ProcessingStatus => "pending", Entry.SucceededStatus => "succeeded", _ => "failed" },
        charge.RefundedAt is not null,
        IntentIdOf(index, charge), charge.CreatedAt.ToUnixTimeSeconds())
    {
        FailureCode = charge.Succeeded || !charge.IsSettledAt(now) ? null : "card_declined",
        Outcome = charge.Reason is { } reason && charge.IsSettledAt(now) ? new(reason) : null,
    };

    private static IResult? Validate(IFormCollection form, string method) => form switch
    {
        _ when UnitsOf(form) <= 0 => StripeErrors.InvalidParameter("amount", "Invalid positive integer.", "parameter_invalid_integer"),
        _ when form["currency"].ToString() is not { Length: 3 } currency || !currency.All(char.IsAsciiLetterLower) =>
            StripeErrors.InvalidParameter("currency", "Invalid currency."),
        _ when form[OrderId].ToString() is not { Length: > 0 and <= 100 } id || form["transfer_group"] != id =>
            StripeErrors.InvalidParameter("transfer_group", "This simulator needs the order id as metadata and as transfer group."),
        _ when form["confirm"] != "true" => StripeErrors.InvalidParameter("confirm", "This simulator confirms every intent at once."),
        _ when !method.StartsWith("pm_", StringComparison.Ordinal) =>
            StripeErrors.InvalidParameter("payment_method", $"No such PaymentMethod: '{method}'", "resource_missing"),
        _ => null,
    };

    private static long UnitsOf(IFormCollection form) =>
        long.TryParse(form["amount"], NumberStyles.None, CultureInfo.InvariantCulture, out var units) ? units : 0;

    internal static string IntentIdOf(LedgerIndex index, Charge charge) => $"pi{index.IdOf(charge)[2..]}";

    private static string Lower(string currency) => currency.ToLowerInvariant();
}
