using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>What the audit found.</summary>
internal sealed record AuditReport(AuditVerdict Verdict, DateTimeOffset StartedAt, TimeSpan Grace, long Orders, IReadOnlyList<AuditFinding> Checks)
{
    internal static AuditVerdict Worst(IEnumerable<AuditVerdict> verdicts)
    {
        var all = verdicts.ToHashSet();
        return all.Contains(AuditVerdict.Disagrees) ? AuditVerdict.Disagrees : all.Contains(AuditVerdict.NotChecked) ? AuditVerdict.NotChecked : AuditVerdict.Agrees;
    }
}

/// <summary>What one check found.</summary>
internal sealed record AuditFinding(
    [property: Description("The invariant that it belongs to, I1 to I5.")] string Invariant,
    [property: Description("What should be so.")] string Check,
    AuditVerdict Verdict,
    [property: Description("How many disagree.")] long Disagreements,
    [property: Description("The first of them.")] IReadOnlyList<AuditDisagreement> Examples,
    [property: Description("Why it was not checked.")] string? Why);

/// <summary>One thing that is not as it should be.</summary>
internal sealed record AuditDisagreement(string Subject, string What);

/// <summary>Not checked is not fine.</summary>
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
