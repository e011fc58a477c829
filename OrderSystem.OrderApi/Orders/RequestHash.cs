using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.OrderApi.Orders;

/// <summary>SHA-256 over the content of a request, independent of member order, white space and trailing zeros.</summary>
internal static class RequestHash
{
    internal static byte[] Of(PlaceOrderRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue(request.CustomerId);
            json.WriteStringValue(request.Currency);
            foreach (var item in request.Items)
            {
                json.WriteStringValue(item.Sku);
                json.WriteNumberValue(item.Quantity);
                json.WriteNumberValue(WithoutTrailingZeros(item.UnitPrice));
            }

            // Requests without one keep the hash that they had before there were payment methods.
            if (request.PaymentMethod is { } paymentMethod)
                json.WriteStringValue(paymentMethod);
            json.WriteEndArray();
        }

        return SHA256.HashData(buffer.WrittenSpan);
    }

    /// <summary>A refund. The third element is a number, that of an order is text: they never have the same hash.</summary>
    internal static byte[] Of(Guid orderId, Money amount, string? reason)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue("refund");
            json.WriteStringValue(orderId);
            json.WriteNumberValue(amount.Amount);
            if (reason is not null)
                json.WriteStringValue(reason);
            json.WriteEndArray();
        }

        return SHA256.HashData(buffer.WrittenSpan);
    }

    private static decimal WithoutTrailingZeros(decimal value) => value / 1.0000000000000000000000000000m;
}
