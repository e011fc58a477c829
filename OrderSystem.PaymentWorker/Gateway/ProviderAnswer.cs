using System.Net;
using System.Text.Json;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// A response of the provider and what is known after it: the table in docs/payment-providers.md. Only what the contract defines as an
/// outcome is one. For every other response the question is whether the call may have taken effect.
/// </summary>
/// <param name="Status">Status code.</param>
/// <param name="MediaType">Content-Type without its parameters: JSON is UTF-8, whatever charset is named.</param>
/// <param name="Body">The complete body.</param>
internal readonly record struct ProviderAnswer(HttpStatusCode Status, string? MediaType, ReadOnlyMemory<byte> Body)
{
    private bool IsJson => MediaType is { } type
        && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private bool IsForeign => MediaType is not null && !IsJson;

    internal ChargeOutcome For(string kind) => (int)Status switch
    {
        200 when IsJson => Read(kind == ProviderCall.LookUp ? ReadFound : ReadCharge),
        402 when IsJson && kind == ProviderCall.Charge => Read(ReadDeclined),
        401 or 403 or 407 => Unavailable(ProviderFailure.Credentials, "it rejects our credentials"),
        429 => Unavailable(ProviderFailure.RateLimit, "it limits our rate of calls"),

        // The charge to refund does not exist at the provider.
        404 when IsJson && kind == ProviderCall.Refund => Refused,
        404 or 405 or 410 or (>= 300 and < 400) => Unavailable(ProviderFailure.Route, "the address does not serve its API"),
        408 or 425 => Unknown(ProviderFailure.ServerError),
        409 => Unknown(ProviderFailure.KeyInUse),
        >= 400 and < 500 when IsForeign => Unavailable(ProviderFailure.Proxy, "the response is from an intermediary"),
        400 or 422 => Refused,
        402 when IsJson && kind == ProviderCall.Refund => Refused,
        >= 500 => Unknown(ProviderFailure.ServerError),
        _ => Unknown(ProviderFailure.Contract),
    };

    private ChargeOutcome Refused => ChargeOutcome.Refused($"the provider refused the request with {(int)Status}");

    private ChargeOutcome Unavailable(ProviderFailure failure, string why) =>
        ChargeOutcome.Unavailable(failure, $"the provider answered {(int)Status}: {why}");

    private ChargeOutcome Unknown(ProviderFailure failure)
    {
        var addition = failure == ProviderFailure.Contract ? ", which its contract does not define" : "";
        return ChargeOutcome.Unknown(failure, $"the provider answered {(int)Status}{addition}");
    }

    private ChargeOutcome Read(Func<JsonElement, ChargeOutcome?> read)
    {
        try
        {
            using var document = JsonDocument.Parse(Body.Span.StartsWith("\uFEFF"u8) ? Body[3..] : Body);
            return read(document.RootElement) ?? Unknown(ProviderFailure.Contract);
        }
        catch (JsonException)
        {
            return Unknown(ProviderFailure.Contract);
        }
    }

    private static ChargeOutcome? ReadCharge(JsonElement answer) =>
        Text(answer, "status") == "succeeded" && Text(answer, "id") is { } id && ProviderText.IsId(id) ? ChargeOutcome.Succeeded(id) : null;

    private static ChargeOutcome? ReadDeclined(JsonElement answer) => Text(answer, "status") != "declined" ? null
        : ChargeOutcome.Declined(
            Text(answer, "id") is { } id && ProviderText.IsId(id) ? id : null,
            Text(answer, "reason") is { Length: > 0 } reason ? reason : "declined");

    /// <summary>Of several charges, one that is not refunded is preferred to a refunded one, and that to a declined one.</summary>
    private static ChargeOutcome? ReadFound(JsonElement charges)
    {
        if (charges.ValueKind != JsonValueKind.Array)
            return null;
        ChargeOutcome? found = ChargeOutcome.None;
        foreach (var charge in charges.EnumerateArray())
        {
            var one = ReadCharge(charge) is { } succeeded ? succeeded with { Found = Details(charge) } : ReadDeclined(charge);
            if (one is null || found is null)
                found = null;
            else if (Rank(one.Value) >= Rank(found.Value))
                found = one;
        }

        return found;
    }

    private static int Rank(ChargeOutcome outcome) => outcome switch
    {
        { Status: ChargeStatus.Succeeded, Found.IsRefunded: false } => 3,
        { Status: ChargeStatus.Succeeded } => 2,
        { Status: ChargeStatus.Declined } => 1,
        _ => 0,
    };

    private static FoundCharge Details(JsonElement charge) => new(
        charge.TryGetProperty("amount", out var amount) && amount.ValueKind == JsonValueKind.Number && amount.TryGetDecimal(out var value)
            ? value
            : null,
        Text(charge, "currency"),
        charge.TryGetProperty("refundedAt", out var refunded) && refunded.ValueKind != JsonValueKind.Null);

    private static string? Text(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object
            || !parent.TryGetProperty(name, out var value)
            || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate or invalid UTF-8: there is a text, but it cannot be read.
            return "\uFFFD";
        }
    }
}
