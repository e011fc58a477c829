using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>One call to the provider, as stored with the payment.</summary>
/// <param name="At">When it was sent.</param>
/// <param name="Kind"><c>charge</c>, <c>refund</c> or <c>look-up</c>.</param>
/// <param name="Outcome">The status code, or why there was no response.</param>
/// <param name="Milliseconds">Duration.</param>
/// <param name="Reference">Id of the charge or refund in the response, or null.</param>
/// <param name="TraceId">Trace of the call, or null.</param>
internal sealed record ProviderCall(DateTimeOffset At, string Kind, string Outcome, int Milliseconds, string? Reference, string? TraceId)
{
    internal const string Charge = "charge";
    internal const string Refund = "refund";
    internal const string LookUp = "look-up";

    /// <summary>
    /// Calls are stored in a column of the payment, whose row is updated with the outcome anyway: no row, index or round trip of their own.
    /// A payment that is retried endlessly keeps about the first hundred.
    /// </summary>
    internal const string Append =
        """
        calls = CASE WHEN i.calls IS NULL OR jsonb_array_length(coalesce(p.calls, '[]')) >= 100 THEN p.calls
            ELSE coalesce(p.calls, '[]') || i.calls::jsonb END
        """;

    /// <summary>The value of the column; null without calls.</summary>
    internal static string? ToJson(IReadOnlyList<ProviderCall> calls) =>
        calls.Count == 0 ? null : JsonSerializer.Serialize(calls, ProviderCallJson.Default.IReadOnlyListProviderCall);

    internal static IReadOnlyList<ProviderCall> FromJson(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, ProviderCallJson.Default.IReadOnlyListProviderCall)!;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ProviderCall>))]
internal sealed partial class ProviderCallJson : JsonSerializerContext;
