using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.OrderApi.Orders;

/// <summary>An order in the responses of the API.</summary>
internal sealed record Order(
    Guid Id, string CustomerId, string Currency, IReadOnlyList<OrderedItem> Items, decimal Total, OrderStatus Status, string? Reason,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    [property: Description("What was given back of a paid order, by refunds and chargebacks.")] decimal RefundedTotal,
    Refund? Refund = null)
{
    /// <summary>
    /// The status that is shown. That of a paid order whose refunds have reached its total is derived, so that its row stays paid.
    /// </summary>
    internal const string ShownStatus =
        "CASE WHEN orders.status = 'paid' AND orders.refunded_total >= orders.total THEN 'refunded' ELSE orders.status END";

    internal const string Columns =
        $"id, customer_id, currency, items, total, {ShownStatus}, reason, created_at, updated_at, refunded_total, {Refund.Columns}";

    [Description("The newest refunds of the order, newest first; only where a single order is asked for.")]
    public IReadOnlyList<OrderRefund>? Refunds { get; init; }

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    internal static Order Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2),
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(3), OrderJson.Default.IReadOnlyListOrderedItem)!,
        row.GetDecimal(4), OrderStatuses.Parse(row.GetString(5)), row.IsDBNull(6) ? null : row.GetString(6),
        row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset>(8),
        Money.Of(row.GetDecimal(9), row.GetString(2)).Amount, Refund.Read(row, 10));
}

/// <summary>Status of an order; all but pending and manualReview are final, except that a paid order may be refunded.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OrderStatus>))]
internal enum OrderStatus
{
    [JsonStringEnumMemberName("pending")]
    Pending,
    [JsonStringEnumMemberName("paid")]
    Paid,
    [JsonStringEnumMemberName("paymentFailed")]
    PaymentFailed,
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
    [JsonStringEnumMemberName("manualReview")]
    ManualReview,
    [JsonStringEnumMemberName("refunded")]
    Refunded,
}

/// <summary>Names of the statuses, in responses and, but for refunded, in the database.</summary>
internal static class OrderStatuses
{
    private static readonly string[] Names = ["pending", "paid", "paymentFailed", "cancelled", "manualReview", "refunded"];

    internal static string ToName(this OrderStatus status) => Names[(int)status];

    internal static OrderStatus Parse(string name) =>
        TryParse(name, out var status) ? status : throw new ArgumentException($"'{name}' is no status of an order.", nameof(name));

    internal static bool TryParse(string name, out OrderStatus status)
    {
        var index = Array.IndexOf(Names, name);
        status = (OrderStatus)index;
        return index >= 0;
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(OrderPage))]
[JsonSerializable(typeof(OrderRefund))]
[JsonSerializable(typeof(OrderPaymentMethod))]
[JsonSerializable(typeof(IReadOnlyList<OrderedItem>))]
internal sealed partial class OrderJson : JsonSerializerContext;
