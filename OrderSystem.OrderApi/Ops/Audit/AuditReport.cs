using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>The result of an audit.</summary>
internal sealed record AuditReport(
    AuditVerdict Verdict, DateTimeOffset StartedAt, TimeSpan Grace, long Orders, IReadOnlyList<AuditFinding> Checks)
{
    internal static AuditVerdict Worst(IEnumerable<AuditVerdict> verdicts)
    {
        var all = verdicts.ToHashSet();
        return all.Contains(AuditVerdict.Disagrees) ? AuditVerdict.Disagrees
            : all.Contains(AuditVerdict.NotChecked) ? AuditVerdict.NotChecked
            : AuditVerdict.Agrees;
    }
}

/// <summary>The result of one check.</summary>
internal sealed record AuditFinding(
    [property: Description("The invariant that it belongs to, I1 to I5.")] string Invariant,
    [property: Description("What must hold.")] string Check,
    AuditVerdict Verdict,
    [property: Description("Number of violations.")] long Disagreements,
    [property: Description("The first violations, at most 20.")] IReadOnlyList<AuditDisagreement> Examples,
    [property: Description("Why it was not checked.")] string? Why);

/// <summary>A violation: the order or its reference at the provider, and what is wrong.</summary>
internal sealed record AuditDisagreement(string Subject, string What);

/// <summary>The result of a check or of the whole audit; <c>notChecked</c> is no success.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditVerdict>))]
internal enum AuditVerdict
{
    [JsonStringEnumMemberName("agrees")]
    Agrees,
    [JsonStringEnumMemberName("disagrees")]
    Disagrees,
    [JsonStringEnumMemberName("notChecked")]
    NotChecked,
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditReport))]
internal sealed partial class AuditReportJson : JsonSerializerContext;
