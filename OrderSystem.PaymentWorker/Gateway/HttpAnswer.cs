using System.Text.Json;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What is known after a response of the HTTP contract: its table in docs/payment-providers.md.</summary>
internal static class HttpAnswer
{
    /// <param name="kind">One of the kinds of <see cref="ProviderCall"/>.</param>
    /// <param name="response">The response.</param>
    /// <param name="refund">The reference of the refund that a look-up is about; null for a look-up of charges.</param>
    internal static ChargeOutcome Classify(string kind, ProviderResponse response, Guid? refund = null) => (int)response.Status switch
    {
        200 when response.IsJson && refund is { } reference => response.Read(list => ReadFoundRefund(list, reference)),
        200 when response.IsJson => response.Read(kind == ProviderCall.LookUp ? ReadFound : ReadCharge),
        202 when response.IsJson && kind != ProviderCall.LookUp => response.Read(ReadProcessing),
        402 when response.IsJson && kind == ProviderCall.Charge => response.Read(ReadDeclined),
        401 or 403 or 407 => response.Unavailable(ProviderFailure.Credentials),
        429 => response.Unavailable(ProviderFailure.RateLimit),

        // The charge to refund does not exist at the provider.
        404 when response.IsJson && kind == ProviderCall.Refund => response.Refused(),
        404 or 405 or 410 or (>= 300 and < 400) => response.Unavailable(ProviderFailure.Route),
        408 or 425 => response.Unknown(ProviderFailure.ServerError),
        409 => response.Unknown(ProviderFailure.KeyInUse),
        >= 400 and < 500 when response.IsForeign => response.Unavailable(ProviderFailure.Proxy),

        // Less than the amount is left of the charge.
        400 or 402 when response.IsJson && kind == ProviderCall.Refund => response.Read(problem => ReadNotRefundable(response, problem)),
        400 or 422 => response.Refused(),
        >= 500 => response.Unknown(ProviderFailure.ServerError),
        _ => response.Unknown(ProviderFailure.Contract),
    };

    private static ChargeOutcome? ReadCharge(JsonElement answer) =>
        ProviderResponse.Text(answer, "status") == "succeeded" && ProviderResponse.Id(answer, "id") is { } id
            ? ChargeOutcome.Succeeded(id)
            : null;

    private static ChargeOutcome? ReadProcessing(JsonElement answer) =>
        ProviderResponse.Text(answer, "status") == "processing" && ProviderResponse.Id(answer, "id") is { } id
            ? ChargeOutcome.Processing(id)
            : null;

    private static ChargeOutcome? ReadDeclined(JsonElement answer) => ProviderResponse.Text(answer, "status") != "declined" ? null
        : ChargeOutcome.Declined(
            ProviderResponse.Id(answer, "id"),
            ProviderResponse.Text(answer, "reason") is { Length: > 0 } reason ? reason : "declined");

    private static ChargeOutcome? ReadFound(JsonElement charges) => charges.ValueKind != JsonValueKind.Array ? null
        : ProviderResponse.Best(charges.EnumerateArray().Select(charge =>
            ReadCharge(charge) is { } succeeded ? succeeded with { Found = Details(charge) }
                : ReadProcessing(charge) ?? ReadDeclined(charge)), ChargeOutcome.None);

    private static ChargeOutcome? ReadNotRefundable(ProviderResponse response, JsonElement problem) =>
        response.Declined(ProviderResponse.Text(problem, "code"));

    /// <summary>The refund with our reference; the others are those of other requests and of the provider's console.</summary>
    private static ChargeOutcome? ReadFoundRefund(JsonElement refunds, Guid reference) =>
        refunds.ValueKind == JsonValueKind.Array
            ? ProviderResponse.Best(
                refunds.EnumerateArray().Where(refund => ProviderResponse.Text(refund, "reference") == reference.ToString())
                    .Select(ReadRefund),
                ChargeOutcome.NoRefund)
            : null;

    private static ChargeOutcome? ReadRefund(JsonElement refund) => ProviderResponse.Text(refund, "status") == "failed"
        ? ChargeOutcome.Declined(ProviderResponse.Id(refund, "id"), ProviderResponse.Text(refund, "reason") ?? "the refund failed")
        : ReadCharge(refund) is { } succeeded ? succeeded with { Found = Details(refund) } : ReadProcessing(refund);

    private static FoundCharge Details(JsonElement charge) => new(
        ProviderResponse.Property(charge, "amount") is { ValueKind: JsonValueKind.Number } amount && amount.TryGetDecimal(out var value)
            ? value
            : null,
        ProviderResponse.Text(charge, "currency"),
        ProviderResponse.Property(charge, "refundedAt") is not null);
}
