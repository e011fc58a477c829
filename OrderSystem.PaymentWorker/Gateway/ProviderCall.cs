using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>One call to the provider, as it is kept with the payment.</summary>
/// <param name="At">When it was sent.</param>
/// <param name="Kind"><c>charge</c>, <c>refund</c> or <c>look-up</c>.</param>
/// <param name="Outcome">What the provider answered, or why it did not.</param>
/// <param name="Milliseconds">Until then.</param>
/// <param name="Reference">The charge or the refund that the answer named.</param>
/// <param name="TraceId">The trace that the call can be found in.</param>
internal sealed record ProviderCall(DateTimeOffset At, string Kind, string Outcome, int Milliseconds, string? Reference, string? TraceId)
{
    internal const string Charge = "charge";
    internal const string Refund = "refund";
    internal const string LookUp = "look-up";

    /// <summary>
    /// Calls are kept in a column of the payment that the statement of the outcome changes anyway: no row, index or round trip of their own. A
    /// payment that goes on for ever keeps its first hundred.
    /// </summary>
    internal const string Append =
        """
        calls = CASE WHEN i.calls IS NULL OR jsonb_array_length(coalesce(p.calls, '[]')) >= 100 THEN p.calls ELSE coalesce(p.calls, '[]') || i.calls::jsonb END
        """;

    /// <summary>As the column keeps them; null when there are none.</summary>
    internal static string? ToJson(IReadOnlyList<ProviderCall> calls) =>
        calls.Count == 0 ? null : JsonSerializer.Serialize(calls, ProviderCallJson.Default.IReadOnlyListProviderCall);

    internal static IReadOnlyList<ProviderCall> FromJson(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, ProviderCallJson.Default.IReadOnlyListProviderCall)!;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ProviderCall>))]
internal sealed partial class ProviderCallJson : JsonSerializerContext;
