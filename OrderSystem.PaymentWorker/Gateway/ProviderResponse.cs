using System.Net;
using System.Text.Json;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// A complete response of a provider. Only what the provider's contract defines as an outcome is one; for every other response the question
/// is whether the call may have taken effect. Each provider answers that in one table, with the words of this type.
/// </summary>
/// <param name="Status">Status code.</param>
/// <param name="MediaType">Content-Type without its parameters: JSON is UTF-8, whatever charset is named.</param>
/// <param name="Body">The complete body.</param>
internal readonly record struct ProviderResponse(HttpStatusCode Status, string? MediaType, ReadOnlyMemory<byte> Body)
{
    internal bool IsJson => MediaType is { } type
        && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    /// <summary>It has a format that the provider does not use.</summary>
    internal bool IsForeign => MediaType is not null && !IsJson;

    /// <param name="detail">What exactly the provider refuses, if it says so.</param>
    internal ChargeOutcome Refused(string? detail = null) =>
        ChargeOutcome.Refused($"the provider refused the request with {(int)Status}{(detail is null ? "" : $": {detail}")}");

    /// <param name="detail">Why, if it says so.</param>
    internal ChargeOutcome Declined(string? detail) => ChargeOutcome.Declined(reference: null, Refused(detail).Reason!);

    internal ChargeOutcome Unavailable(ProviderFailure failure) => ChargeOutcome.Unavailable(
        failure,
        $"the provider answered {(int)Status}: " + failure switch
        {
            ProviderFailure.Credentials => "it rejects our credentials",
            ProviderFailure.RateLimit => "it limits our rate of calls",
            ProviderFailure.Proxy => "the response is from an intermediary",
            _ => "the address does not serve its API",
        });

    internal ChargeOutcome Unknown(ProviderFailure failure) => ChargeOutcome.Unknown(
        failure,
        $"the provider answered {(int)Status}" + failure switch
        {
            ProviderFailure.Contract => ", which its contract does not define",
            ProviderFailure.KeyReused => ": it knows the idempotency key from a request with other parameters",
            _ => "",
        });

    /// <summary>Reads the body; what cannot be read is outside of the contract.</summary>
    internal ChargeOutcome Read(Func<JsonElement, ChargeOutcome?> read)
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

    /// <summary>
    /// The outcome of a look-up that found several charges: one that is not refunded is preferred to a refunded one, and that to a declined
    /// one. If the outcome of any of them is not known or comes later, the same is true of the payment.
    /// </summary>
    /// <param name="charges">The outcome of each; null for one that cannot be read.</param>
    /// <param name="none">The outcome without any.</param>
    internal static ChargeOutcome? Best(IEnumerable<ChargeOutcome?> charges, ChargeOutcome none)
    {
        var best = none;
        foreach (var charge in charges)
        {
            if (charge is not { IsAnswer: true } one)
                return charge;
            if (Rank(one) >= Rank(best))
                best = one;
        }

        return best;
    }

    /// <summary>The text of a property; null when there is none.</summary>
    internal static string? Text(JsonElement parent, string name)
    {
        if (Property(parent, name) is not { ValueKind: JsonValueKind.String } value)
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

    /// <summary>An id that can be stored and sent back; null when there is none.</summary>
    internal static string? Id(JsonElement parent, string name) => Text(parent, name) is { } id && ProviderText.IsId(id) ? id : null;

    /// <summary>A property; null when there is none.</summary>
    internal static JsonElement? Property(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value)
            && value.ValueKind != JsonValueKind.Null ? value : null;

    private static int Rank(ChargeOutcome outcome) => outcome switch
    {
        { Status: ChargeStatus.Processing } => 4,
        { Status: ChargeStatus.Succeeded, Found.IsRefunded: false } => 3,
        { Status: ChargeStatus.Succeeded } => 2,
        { Status: ChargeStatus.Declined } => 1,
        _ => 0,
    };
}
