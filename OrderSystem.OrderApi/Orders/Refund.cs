using System.ComponentModel;
using System.Text.Json.Serialization;
using Npgsql;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The refund of a cancelled order.</summary>
internal sealed record Refund(
    [property: Description("pending: the refund is in progress · refunded · review: in manual review")] RefundState State,
    DateTimeOffset Since)
{
    internal const string Columns = "refund, refund_since";

    /// <summary>Reads <see cref="Columns"/>, starting at this column; null when there is nothing to refund.</summary>
    internal static Refund? Read(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column)
            ? null
            : new(Enum.Parse<RefundState>(row.GetString(column), ignoreCase: true), row.GetFieldValue<DateTimeOffset>(column + 1));
}

[JsonConverter(typeof(JsonStringEnumConverter<RefundState>))]
internal enum RefundState
{
    [JsonStringEnumMemberName("pending")]
    Pending,
    [JsonStringEnumMemberName("refunded")]
    Refunded,
    [JsonStringEnumMemberName("review")]
    Review,
}

/// <summary>Names of the states, in the database and in responses.</summary>
internal static class RefundStates
{
    internal static string ToName(this RefundState state) => state switch
    {
        RefundState.Pending => "pending",
        RefundState.Refunded => "refunded",
        _ => "review",
    };
}
