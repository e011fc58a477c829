using System.Globalization;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>Publishes what the order API publishes when a client requests a refund.</summary>
internal static class RefundRequests
{
    /// <summary>Publishes the event once; a second call with the same ids and another message id is a redelivery.</summary>
    internal static async Task PublishAsync(
        NatsServer server, Guid order, Guid refund, decimal amount, string currency = "EUR", Guid? eventId = null, string? messageId = null)
    {
        var id = (eventId ?? Guid.CreateVersion7()).ToString();
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = id,
            ["ce-source"] = "/order-api",
            ["ce-type"] = "orders.refund_requested.v1",
            ["ce-subject"] = order.ToString(),
            ["ce-time"] = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
            ["ce-orderversion"] = "2",
            ["content-type"] = "application/json",
        };
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new { orderId = order, refundId = refund, amount, currency, reason = "damaged" });
        var ack = await new NatsJSContext(nats).PublishAsync(
            "orders.refund_requested", body, NatsRawSerializer<byte[]>.Default, new NatsJSPubOpts { MsgId = messageId ?? id }, headers);
        Assert.Null(ack.Error);
    }
}
