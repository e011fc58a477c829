using System.ComponentModel;
using System.Text.Json.Serialization;
using Npgsql;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.OrderApi.Orders;

/// <summary>A refund of a paid order, in whole or in part. That of a cancelled order is a <see cref="Refund"/>.</summary>
internal sealed record OrderRefund(
    Guid Id,
    [property: Description("In units of the order's currency.")] decimal Amount,
    [property: Description("pending: requested, also while it is in manual review · succeeded · failed: nothing was refunded")]
    RefundStatus Status,
    [property: Description("request: a request to this API · provider: made there · chargeback: taken back by the customer's bank")]
    RefundSource Source,
    string? Reason,
    [property: Description("Why it failed.")] string? Failure,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>More than an order may have by requests, so that only an order with many refunds made at the provider exceeds it.</summary>
    private const string MaxShown = "200";

    internal const string Columns = "id, amount, status, source, reason, failure, created_at, updated_at, provider_reference";

    /// <summary>The newest refunds of the order $1.</summary>
    internal const string OfOrder =
        $"SELECT {Columns} FROM refunds WHERE order_id = $1 ORDER BY created_at DESC, id DESC LIMIT {MaxShown}";

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    internal static OrderRefund Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetDecimal(1), Enum.Parse<RefundStatus>(row.GetString(2), ignoreCase: true),
        Enum.Parse<RefundSource>(row.GetString(3), ignoreCase: true), row.IsDBNull(4) ? null : row.GetString(4),
        row.IsDBNull(5) ? null : row.GetString(5), row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<DateTimeOffset>(7));

    /// <summary>The refund or the dispute at the provider, which only the timeline shows; null while there is none.</summary>
    internal static string? ReadReference(NpgsqlDataReader row) => row.IsDBNull(8) ? null : row.GetString(8);
}

/// <summary>Status of a refund; a failed one may still turn out to have succeeded, a succeeded one never changes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RefundStatus>))]
internal enum RefundStatus
{
    [JsonStringEnumMemberName("pending")]
    Pending,
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>Names of the statuses and sources, in the database and in responses.</summary>
internal static class RefundNames
{
    internal static string ToName(this RefundStatus status) => status switch
    {
        RefundStatus.Pending => "pending",
        RefundStatus.Succeeded => "succeeded",
        _ => "failed",
    };

    internal static string ToName(this RefundSource source) => source switch
    {
        RefundSource.Request => "request",
        RefundSource.Provider => "provider",
        _ => "chargeback",
    };
}
