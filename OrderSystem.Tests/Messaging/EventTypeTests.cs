using System.Text.Json;
using OrderSystem.Messaging.Contracts;
using Xunit;

namespace OrderSystem.Tests.Messaging;

[Fast]
public sealed class EventTypeTests
{
    [Fact]
    public void The_wire_names_are_the_published_contract() => Assert.Equal(
        [
            ("orders.created.v1", "orders.created", typeof(OrderCreated)),
            ("orders.cancelled.v1", "orders.cancelled", typeof(OrderCancelled)),
            ("orders.refund_requested.v1", "orders.refund_requested", typeof(RefundRequested)),
            ("payments.succeeded.v1", "payments.succeeded", typeof(PaymentSucceeded)),
            ("payments.declined.v1", "payments.declined", typeof(PaymentDeclined)),
            ("payments.refunded.v1", "payments.refunded", typeof(PaymentRefunded)),
            ("payments.refunded.v2", "payments.refunded", typeof(ChargeRefunded)),
            ("payments.refund_failed.v1", "payments.refund_failed", typeof(RefundFailed)),
            ("payments.review.v1", "payments.review", typeof(PaymentReviewRequired)),
        ],
        EventType.All.Select(type => (type.Name, type.Subject, type.Json.Type)));

    [Fact]
    public void Every_event_has_wire_names()
    {
        var events = typeof(IOrderEvent).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IOrderEvent)) && type.IsClass);

        Assert.Equal(events.Order(TypeByName), EventType.All.Select(type => type.Json.Type).Order(TypeByName));
    }

    [Fact]
    public void OrderCreated_serializes_to_the_published_JSON()
    {
        var created = new OrderCreated(
            Guid.Parse("01900000-0000-7000-8000-000000000001"), "c-17", "EUR", 39.98m, [new("SKU-1", 2, 19.99m)]);

        Assert.Equal(
            """{"orderId":"01900000-0000-7000-8000-000000000001","customerId":"c-17","currency":"EUR","total":39.98"""
                + ""","items":[{"sku":"SKU-1","quantity":2,"unitPrice":19.99}]}""",
            JsonSerializer.Serialize(created, EventJson.Default.OrderCreated));
    }

    [Fact]
    public void An_order_with_a_payment_method_says_so_and_does_not_carry_it()
    {
        var created = new OrderCreated(Guid.NewGuid(), "c-17", "EUR", 1m, [new("SKU-1", 1, 1m)], HasPaymentMethod: true);
        var json = JsonSerializer.Serialize(created, EventJson.Default.OrderCreated);

        Assert.EndsWith(""","hasPaymentMethod":true}""", json, StringComparison.Ordinal);
        Assert.True(JsonSerializer.Deserialize(json, EventJson.Default.OrderCreated)!.HasPaymentMethod);
        Assert.False(JsonSerializer.Deserialize(
            json.Replace(""","hasPaymentMethod":true""", "", StringComparison.Ordinal), EventJson.Default.OrderCreated)!.HasPaymentMethod);
    }

    [Theory]
    [InlineData(RefundSource.Request, "request")]
    [InlineData(RefundSource.Provider, "provider")]
    [InlineData(RefundSource.Chargeback, "chargeback")]
    public void ChargeRefunded_serializes_to_the_published_JSON(RefundSource source, string name)
    {
        var id = Guid.Parse("01900000-0000-7000-8000-000000000001");

        Assert.Equal(
            $$"""{"orderId":"{{id}}","paymentId":"{{id}}","refundId":"{{id}}","amount":1.50,"refundedTotal":2.50"""
                + $$""","currency":"EUR","providerReference":"re_1","source":"{{name}}"}""",
            JsonSerializer.Serialize(
                new ChargeRefunded(id, id, id, 1.50m, 2.50m, "EUR", "re_1", source), EventJson.Default.ChargeRefunded));
    }

    [Fact]
    public void An_unknown_member_is_ignored_and_a_missing_required_member_is_an_error()
    {
        var declined = JsonSerializer.Deserialize(
            """{"orderId":"01900000-0000-7000-8000-000000000001","paymentId":"01900000-0000-7000-8000-000000000002","amount":1"""
                + ""","currency":"EUR","providerReference":null,"reason":"no","new":{}}""",
            EventJson.Default.PaymentDeclined);

        Assert.Equal("no", declined!.Reason);
        Assert.Throws<JsonException>(
            () => JsonSerializer.Deserialize("""{"orderId":"01900000-0000-7000-8000-000000000001"}""", EventJson.Default.PaymentDeclined));
    }

    [Fact]
    public void Events_without_their_optional_members_round_trip()
    {
        IOrderEvent[] sparse =
        [
            new OrderCancelled(Guid.NewGuid()),
            new PaymentDeclined(Guid.NewGuid(), Guid.NewGuid(), 1m, "EUR", "no"),
            new PaymentRefunded(Guid.NewGuid(), Guid.NewGuid(), 1m, "EUR", "re_1"),
            new RefundRequested(Guid.NewGuid(), Guid.NewGuid(), 1m, "EUR"),
            new ChargeRefunded(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1m, 2m, "EUR", "re_1", RefundSource.Chargeback),
        ];

        Assert.All(sparse, body =>
        {
            var json = EventType.All.Single(type => type.Json.Type == body.GetType()).Json;
            Assert.Equal(body, JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(body, json), json));
        });
    }

    private static Comparer<Type> TypeByName => Comparer<Type>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name));
}
