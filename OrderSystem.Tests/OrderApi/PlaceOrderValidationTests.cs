using System.Text.Json;
using OrderSystem.Messaging.Contracts;
using OrderSystem.OrderApi.Orders;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

[Fast]
public sealed class PlaceOrderValidationTests
{
    [Fact]
    public void A_valid_order_has_no_errors_and_totals_its_lines()
    {
        var errors = PlaceOrderValidation.Validate(Order("EUR", (2, 19.99m), (1, 5m), (3, 7.49m)), out _, out var total);

        Assert.Null(errors);
        Assert.Equal(Money.Of(67.45m, "EUR"), total);
    }

    [Theory]
    [InlineData("EUR", "0.01", true)]
    [InlineData("EUR", "0.001", false)]
    [InlineData("EUR", "1.10000", true)]
    [InlineData("JPY", "1", true)]
    [InlineData("JPY", "0.5", false)]
    [InlineData("KWD", "0.001", true)]
    [InlineData("KWD", "0.0001", false)]
    public void A_price_has_no_more_decimals_than_its_currency(string currency, string price, bool fits)
    {
        var errors = PlaceOrderValidation.Validate(
            Order(currency, (1, decimal.Parse(price, System.Globalization.CultureInfo.InvariantCulture))), out _, out _);

        Assert.Equal(fits, errors is null);
        if (!fits)
            Assert.Contains("decimals", Assert.Single(errors!["items[0].unitPrice"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usd")]
    [InlineData("usd ")]
    [InlineData("XXX")]
    [InlineData("XAU")]
    [InlineData("")]
    [InlineData("EURO")]
    public void An_unknown_currency_is_rejected(string currency) =>
        Assert.Contains("currency", PlaceOrderValidation.Validate(Order(currency, (1, 1m)), out _, out _)!.Keys);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10_001)]
    [InlineData(int.MinValue)]
    public void A_quantity_out_of_range_names_its_line(int quantity) =>
        Assert.Equal(["items[1].quantity"], PlaceOrderValidation.Validate(Order("EUR", (1, 1m), (quantity, 1m)), out _, out _)!.Keys);

    [Fact]
    public void A_total_that_is_too_large_is_rejected_without_overflow()
    {
        var lines = Enumerable.Repeat((10_000, 1_000_000_000m), 200).ToArray();

        Assert.Contains("items", PlaceOrderValidation.Validate(Order("EUR", lines), out _, out _)!.Keys);
        Assert.Contains("items[0].unitPrice", PlaceOrderValidation.Validate(Order("EUR", (10_000, decimal.MaxValue)), out _, out _)!.Keys);
    }

    [Fact]
    public void The_number_of_lines_is_bounded()
    {
        Assert.Contains("items", PlaceOrderValidation.Validate(Order("EUR"), out _, out _)!.Keys);
        Assert.Contains("items", PlaceOrderValidation.Validate(Order("EUR", [.. Enumerable.Repeat((1, 1m), 201)]), out _, out _)!.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u0085b")]
    public void Blank_text_and_control_characters_are_rejected(string text)
    {
        var request = new PlaceOrderRequest(text, "EUR", [new PlaceOrderItem(text, 1, 1m)]);

        Assert.Equal(["customerId", "items[0].sku"], PlaceOrderValidation.Validate(request, out _, out _)!.Keys);
    }

    [Fact]
    public void An_unpaired_surrogate_is_rejected()
    {
        var request = JsonSerializer.Deserialize(
            """{"customerId":"a","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""",
            PlaceOrderJson.Default.PlaceOrderRequest)!
            with { CustomerId = "\ud800" };

        Assert.Equal(["customerId"], PlaceOrderValidation.Validate(request, out _, out _)!.Keys);
    }

    [Theory]
    [InlineData("4242424242424242")]
    [InlineData("4242 4242 4242 4242")]
    [InlineData("3782-822463-10005")]
    [InlineData("6304000000000000000")]
    public void The_number_of_a_card_is_rejected_without_quoting_it(string number)
    {
        var error = Assert.Single(PlaceOrderValidation.Validate(Order("EUR", (1, 1m)) with { PaymentMethod = number }, out _, out _)!);

        Assert.Equal("paymentMethod", error.Key);
        Assert.Contains("send the token", Assert.Single(error.Value), StringComparison.Ordinal);
        Assert.DoesNotContain(number, error.Value[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pm_1NXWPnLkdIwHu7ixGfAkPlTP", true)]
    [InlineData("4242424242424241", true)]
    [InlineData("42424242420", true)]
    [InlineData("tok!~{}", true)]
    [InlineData("", false)]
    [InlineData("pm 1", false)]
    [InlineData("pm_1\n", false)]
    [InlineData("pm_é", false)]
    public void A_payment_method_is_a_token_of_visible_ASCII_characters(string token, bool isValid)
    {
        var errors = PlaceOrderValidation.Validate(Order("EUR", (1, 1m)) with { PaymentMethod = token }, out _, out _);

        Assert.Equal(isValid ? null : ["paymentMethod"], errors?.Keys);
        Assert.NotNull(PlaceOrderValidation.Validate(Order("EUR", (1, 1m)) with { PaymentMethod = new('p', 256) }, out _, out _));
        Assert.Null(PlaceOrderValidation.Validate(Order("EUR", (1, 1m)) with { PaymentMethod = new('p', 255) }, out _, out _));
    }

    [Fact]
    public void Non_ASCII_letters_emoji_and_punctuation_are_accepted() =>
        Assert.Null(PlaceOrderValidation.Validate(
            new PlaceOrderRequest("Ólafur 日本 😀", "EUR", [new PlaceOrderItem("a.>*\"'; DROP", 1, 1m)]), out _, out _));

    private static PlaceOrderRequest Order(string currency, params (int Quantity, decimal Price)[] lines) =>
        new("c-17", currency, [.. lines.Select((line, i) => new PlaceOrderItem($"SKU-{i}", line.Quantity, line.Price))]);
}
