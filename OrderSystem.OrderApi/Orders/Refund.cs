using System.ComponentModel;
using System.Text.Json.Serialization;
using Npgsql;

namespace OrderSystem.OrderApi.Orders;

/// <summary>What becomes of the charge of a cancelled order.</summary>
internal sealed record Refund([property: Description("pending: it will be given back · refunded: it was · review: a person has to look")] RefundState State, DateTimeOffset Since)
{
    internal const string Columns = "refund, refund_since";

    /// <summary>Reads <see cref="Columns"/>, the first of which is at this place; null when there is nothing to give back.</summary>
    internal static Refund? Read(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : new(Enum.Parse<RefundState>(row.GetString(column), ignoreCase: true), row.GetFieldValue<DateTimeOffset>(column + 1));
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

/// <summary>The names of the states, in the database as in the answers.</summary>
internal static class RefundStates
{
    internal static string ToName(this RefundState state) => state switch
    {
        RefundState.Pending => "pending",
        RefundState.Refunded => "refunded",
        _ => "review",
    };
}
