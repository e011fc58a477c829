using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Idempotency;

/// <summary>SHA-256 over what a request means: the order of its members, white space and trailing zeros make no difference.</summary>
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

            json.WriteEndArray();
        }

        return SHA256.HashData(buffer.WrittenSpan);
    }

    private static decimal WithoutTrailingZeros(decimal value) => value / 1.0000000000000000000000000000m;
}
