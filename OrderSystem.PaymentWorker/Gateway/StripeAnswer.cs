using System.Globalization;
using System.Text.Json;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// What is known after a response of Stripe: its table in docs/payment-providers.md. No text of Stripe beyond its codes is kept, because
/// its messages quote what was sent, the payment method included.
/// </summary>
internal static class StripeAnswer
{
    /// <summary>The reason of a payment that the customer would have to authenticate, as with 3-D Secure.</summary>
    internal const string RequiresAction = "requires_action";

    private const string Declined = "declined";

    /// <summary>The entry of a refund's metadata with our reference.</summary>
    internal const string RefundId = "refund_id";

    /// <param name="kind">One of the kinds of <see cref="ProviderCall"/>.</param>
    /// <param name="response">The response.</param>
    /// <param name="refund">The reference of the refund that a look-up is about; null for a look-up of charges.</param>
    internal static ChargeOutcome Classify(string kind, ProviderResponse response, Guid? refund = null) => (int)response.Status switch
    {
        200 when response.IsJson => response.Read(answer => kind switch
        {
            ProviderCall.LookUp when refund is { } reference => ReadRefunds(response, answer, reference),
            ProviderCall.LookUp => ReadCharges(answer),
            ProviderCall.Refund => ReadRefund(response, answer),
            _ => ReadIntent(answer),
        }),
        401 or 403 or 407 => response.Unavailable(ProviderFailure.Credentials),

        // Stripe's 429 is about the rate of calls, or about an object that another call has locked.
        429 => CodeOf(response) == "lock_timeout"
            ? response.Unknown(ProviderFailure.KeyInUse)
            : response.Unavailable(ProviderFailure.RateLimit),
        404 when CodeOf(response) == "resource_missing" && kind != ProviderCall.LookUp => response.Read(error => Refused(response, error)),
        404 or 405 or 410 or (>= 300 and < 400) => response.Unavailable(ProviderFailure.Route),
        408 or 424 or 425 or >= 500 => response.Unknown(ProviderFailure.ServerError),
        409 => response.Unknown(ProviderFailure.KeyInUse),
        >= 400 when response.IsForeign => response.Unavailable(ProviderFailure.Proxy),
        400 or 402 when response.IsJson => response.Read(error => ReadError(kind, response, error)),
        _ => response.Unknown(ProviderFailure.Contract),
    };

    private static ChargeOutcome? ReadError(string kind, ProviderResponse response, JsonElement answer) =>
        ProviderResponse.Property(answer, "error") is not { } error ? null : ProviderResponse.Text(error, "type") switch
        {
            "card_error" when kind == ProviderCall.Charge => ReadCardError(error),
            "invalid_request_error" when kind == ProviderCall.Refund && IsNotRefundable(error) =>
                response.Declined(ProviderResponse.Text(error, "code") ?? "amount"),
            "card_error" or "invalid_request_error" => Refused(response, answer),

            // An earlier request under the key had other parameters, and may have charged.
            "idempotency_error" => response.Unknown(ProviderFailure.KeyReused),
            _ => null,
        };

    private static ChargeOutcome ReadCardError(JsonElement error)
    {
        var intent = ProviderResponse.Property(error, "payment_intent");
        return ChargeOutcome.Declined(
            ProviderResponse.Id(error, "charge") ?? (intent is { } found ? ProviderResponse.Id(found, "id") : null),
            ReasonOf(error));
    }

    /// <summary>
    /// The state of a payment intent after its confirmation. One that requires an action is final as well: only the customer could go on,
    /// with the client secret, which never leaves this worker.
    /// </summary>
    private static ChargeOutcome? ReadIntent(JsonElement intent) =>
        ProviderResponse.Text(intent, "status") switch
        {
            "succeeded" => ChargeOf(intent) is { } charge ? ChargeOutcome.Succeeded(charge) : null,
            "processing" => (ChargeOf(intent) ?? ProviderResponse.Id(intent, "id")) is { } accepted
                ? ChargeOutcome.Processing(accepted)
                : null,
            "requires_action" => ChargeOutcome.Declined(ProviderResponse.Id(intent, "id"), RequiresAction),
            "requires_payment_method" when ProviderResponse.Property(intent, "last_payment_error") is { } error =>
                ChargeOutcome.Declined(ChargeOf(intent) ?? ProviderResponse.Id(intent, "id"), ReasonOf(error)),
            "canceled" => ChargeOutcome.Declined(
                ProviderResponse.Id(intent, "id"), ProviderResponse.Text(intent, "cancellation_reason") ?? "canceled"),
            _ => null,
        };

    /// <summary>An incomplete list proves nothing.</summary>
    private static ChargeOutcome? ReadCharges(JsonElement list) =>
        ProviderResponse.Property(list, "data") is { ValueKind: JsonValueKind.Array } charges
        && ProviderResponse.Property(list, "has_more") is { ValueKind: JsonValueKind.False }
            ? ProviderResponse.Best(charges.EnumerateArray().Select(ReadCharge), ChargeOutcome.None)
            : null;

    /// <summary>
    /// The refund with our reference. One that is not in the list may be among those that the list lacks, so that an incomplete one proves
    /// only what is in it.
    /// </summary>
    private static ChargeOutcome? ReadRefunds(ProviderResponse response, JsonElement list, Guid reference)
    {
        if (ProviderResponse.Property(list, "data") is not { ValueKind: JsonValueKind.Array } refunds)
            return null;
        var found = ProviderResponse.Best(
            refunds.EnumerateArray().Where(refund => ReferenceOf(refund) == reference)
                .Select(refund => ReadRefund(response, refund) is { } read ? read with { Found = Details(refund) } : (ChargeOutcome?)null),
            ChargeOutcome.NoRefund);
        var isComplete = ProviderResponse.Property(list, "has_more") is { ValueKind: JsonValueKind.False };
        return found is { Status: ChargeStatus.None } && !isComplete ? null : found;
    }

    /// <summary>Our reference of a refund; null for one that was not made by this system.</summary>
    internal static Guid? ReferenceOf(JsonElement refund) =>
        ProviderResponse.Property(refund, "metadata") is { } metadata
        && Guid.TryParse(ProviderResponse.Text(metadata, RefundId), CultureInfo.InvariantCulture, out var reference)
            ? reference
            : null;

    private static ChargeOutcome? ReadCharge(JsonElement charge) =>
        ProviderResponse.Text(charge, "status") switch
        {
            "succeeded" when ProviderResponse.Id(charge, "id") is { } id => ChargeOutcome.Succeeded(id) with { Found = Details(charge) },
            "pending" when ProviderResponse.Id(charge, "id") is { } pending => ChargeOutcome.Processing(pending),
            "failed" => ChargeOutcome.Declined(
                ProviderResponse.Id(charge, "id"),
                (ProviderResponse.Property(charge, "outcome") is { } outcome ? ProviderResponse.Text(outcome, "reason") : null)
                    ?? ProviderResponse.Text(charge, "failure_code") ?? Declined),
            _ => null,
        };

    private static FoundCharge Details(JsonElement charge)
    {
        var currency = ProviderResponse.Text(charge, "currency")?.ToUpperInvariant();
        return new(
            currency is not null && ProviderResponse.Property(charge, "amount") is { ValueKind: JsonValueKind.Number } amount
                && amount.TryGetInt64(out var minor)
                ? StripeAmount.FromMinorUnits(minor, currency)
                : null,
            currency,
            ProviderResponse.Property(charge, "refunded") is { ValueKind: JsonValueKind.True });
    }

    private static ChargeOutcome? ReadRefund(ProviderResponse response, JsonElement refund) =>
        ProviderResponse.Text(refund, "status") switch
        {
            "succeeded" when ProviderResponse.Id(refund, "id") is { } id => ChargeOutcome.Succeeded(id),
            "pending" or "requires_action" when ProviderResponse.Id(refund, "id") is { } pending => ChargeOutcome.Processing(pending),
            "failed" or "canceled" => ChargeOutcome.Declined(
                ProviderResponse.Id(refund, "id"), ProviderResponse.Text(refund, "failure_reason") ?? "the refund failed"),
            _ => null,
        };

    /// <summary>Less than the amount is left of the charge, or its customer has disputed it. The former has no code of its own.</summary>
    private static bool IsNotRefundable(JsonElement error) =>
        ProviderResponse.Text(error, "code") is "charge_already_refunded" or "charge_disputed"
        || (ProviderResponse.Text(error, "code") is null && ProviderResponse.Text(error, "param") == "amount");

    /// <summary>The issuer's decline code, or the code of the error; both words for a missing authentication become one.</summary>
    internal static string ReasonOf(JsonElement error)
    {
        var code = ProviderResponse.Text(error, "code");
        return code is "authentication_required" or "requires_action_not_handled"
            ? RequiresAction
            : ProviderResponse.Text(error, "decline_code") is { Length: > 0 } reason ? reason : code is { Length: > 0 } ? code : Declined;
    }

    /// <summary>With the code and the parameter that is at fault, such as <c>resource_missing (payment_method)</c>.</summary>
    private static ChargeOutcome Refused(ProviderResponse response, JsonElement answer)
    {
        if (ProviderResponse.Property(answer, "error") is not { } error)
            return response.Refused();
        var code = ProviderResponse.Text(error, "code") ?? ProviderResponse.Text(error, "type");
        var parameter = ProviderResponse.Text(error, "param");
        return response.Refused(parameter is null ? code : string.Create(CultureInfo.InvariantCulture, $"{code} ({parameter})"));
    }

    private static string? CodeOf(ProviderResponse response)
    {
        string? code = null;
        if (response.IsJson)
        {
            response.Read(answer =>
            {
                code = ProviderResponse.Property(answer, "error") is { } error ? ProviderResponse.Text(error, "code") : null;
                return null;
            });
        }

        return code;
    }

    /// <summary>Stripe sends the id of the latest charge, or the charge itself.</summary>
    internal static string? ChargeOf(JsonElement intent) => ProviderResponse.Property(intent, "latest_charge") switch
    {
        { ValueKind: JsonValueKind.Object } charge => ProviderResponse.Id(charge, "id"),
        _ => ProviderResponse.Id(intent, "latest_charge"),
    };
}
