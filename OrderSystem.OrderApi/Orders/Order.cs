using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.OrderApi.Orders;

/// <summary>An order in the responses of the API.</summary>
internal sealed record Order(
    Guid Id, string CustomerId, string Currency, IReadOnlyList<OrderedItem> Items, decimal Total, OrderStatus Status, string? Reason,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, Refund? Refund = null)
{
    internal const string Columns = $"id, customer_id, currency, items, total, status, reason, created_at, updated_at, {Refund.Columns}";

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    internal static Order Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2),
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(3), OrderJson.Default.IReadOnlyListOrderedItem)!,
        row.GetDecimal(4), OrderStatuses.Parse(row.GetString(5)), row.IsDBNull(6) ? null : row.GetString(6),
        row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset>(8), Refund.Read(row, 9));
}

/// <summary>Status of an order; all but pending and manualReview are final.</summary>
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
}

/// <summary>Names of the statuses, in the database and in responses.</summary>
internal static class OrderStatuses
{
    private static readonly string[] Names = ["pending", "paid", "paymentFailed", "cancelled", "manualReview"];

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
[JsonSerializable(typeof(OrderPaymentMethod))]
[JsonSerializable(typeof(IReadOnlyList<OrderedItem>))]
internal sealed partial class OrderJson : JsonSerializerContext;
