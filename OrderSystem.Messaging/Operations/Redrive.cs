using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;

namespace OrderSystem.Messaging.Operations;

/// <summary>Which ledger events to re-drive, and how. All conditions must match.</summary>
/// <param name="Since">Events since this time.</param>
/// <param name="OrderId">Events of this order.</param>
/// <param name="Missing">Events that are missing from their stream although they are within its retention.</param>
/// <param name="DryRun">Count the events without re-driving them.</param>
/// <param name="Rate">Events per second.</param>
/// <param name="Limit">Maximum number of events.</param>
internal sealed record RedriveRequest(DateTimeOffset? Since, Guid? OrderId, bool Missing, bool DryRun, double Rate, int Limit)
{
    internal const double DefaultRate = 200;
    internal const double MaxRate = 10_000;
    internal const int DefaultLimit = 10_000;
    internal const int MaxLimit = 1_000_000;

    /// <summary>The request as text, for the record and the log.</summary>
    internal string Asked => string.Join(' ', new[]
    {
        Missing ? "missing" : null,
        OrderId is null ? null : $"order {OrderId}",
        Since is null ? null : $"since {Since.Value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}",
    }.OfType<string>());

    internal Dictionary<string, string[]> Validate()
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (Since is null && OrderId is null && !Missing)
            errors["missing"] = ["must be true when neither since nor orderId is set"];
        if (Rate is not (>= 0.1 and <= MaxRate))
            errors["rate"] = [$"must be between 0.1 and {MaxRate}"];
        if (Limit is < 1 or > MaxLimit)
            errors["limit"] = [$"must be between 1 and {MaxLimit}"];
        return errors;
    }
}

/// <summary>The result of a re-drive.</summary>
internal sealed record RedriveReport(
    bool DryRun,
    [property: Description("Matching events that are not already waiting in the outbox.")] long Found,
    [property: Description("How many of them were queued in the outbox.")] long Redriven,
    [property: Description("Why the re-drive stopped early; absent when it was completed.")] string? Stopped);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RedriveReport))]
internal sealed partial class RedriveJson : JsonSerializerContext;

/// <summary>An event that an operator re-drove.</summary>
/// <param name="EventId">The event id, which a re-drive does not change.</param>
/// <param name="Type">The event type.</param>
/// <param name="Asked">The request that selected it.</param>
/// <param name="By">The operator.</param>
/// <param name="At">When it was queued.</param>
/// <param name="TraceId">The trace of the request, or null.</param>
public sealed record Redriven(Guid EventId, string Type, string Asked, string By, DateTimeOffset At, string? TraceId)
{
    /// <summary>Selects what <see cref="Read"/> reads; $1 is the order.</summary>
    public const string OfOrder = "SELECT event_id, type, asked, by, at, trace_id FROM redrives WHERE order_id = $1 ORDER BY id";

    /// <summary>Reads one row of <see cref="OfOrder"/>.</summary>
    public static Redriven Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3),
        row.GetFieldValue<DateTimeOffset>(4), row.IsDBNull(5) ? null : row.GetString(5));
}
