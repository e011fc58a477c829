using System.Globalization;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The limits of an order. Each message names the field and the limit.</summary>
internal static class PlaceOrderValidation
{
    private const int MaxText = 64;
    private const int MaxItems = 200;
    private const int MaxQuantity = 10_000;
    private const decimal MaxUnitPrice = 1_000_000_000m;
    private const decimal MaxTotal = 1_000_000_000_000m;

    /// <summary>
    /// Returns the errors by field, or null and the lines with their total, each amount with the decimals of its currency.
    /// </summary>
    internal static Dictionary<string, string[]>? Validate(PlaceOrderRequest request, out OrderedItem[] items, out Money total)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        CheckText(errors, "customerId", request.CustomerId);
        if (!Money.TryGetDecimals(request.Currency, out _))
            errors["currency"] = ["must be the ISO 4217 code of a currency in upper case, such as EUR"];
        if (PaymentMethod.WhyNot(request.PaymentMethod) is { } wrong)
            errors["paymentMethod"] = [wrong];
        if (request.Items.Count is 0 or > MaxItems)
            errors["items"] = [$"must have 1 to {MaxItems} lines, has {request.Items.Count}"];

        (items, total) = ([], default);
        for (var i = 0; i < request.Items.Count && i < MaxItems; i++)
            Check(errors, $"items[{i}]", request.Items[i], request.Currency);
        if (errors.Count > 0)
            return errors;

        items = [.. request.Items.Select(
            item => new OrderedItem(item.Sku, item.Quantity, Money.Of(item.UnitPrice, request.Currency).Amount))];
        total = items.Aggregate(
            Money.Zero(request.Currency), (sum, item) => sum + (item.Quantity * Money.Of(item.UnitPrice, request.Currency)));
        if (total.Amount > MaxTotal)
            errors["items"] = [string.Create(CultureInfo.InvariantCulture, $"must total at most {MaxTotal}, total {total.Amount}")];
        return errors.Count == 0 ? null : errors;
    }

    private static void Check(Dictionary<string, string[]> errors, string path, PlaceOrderItem? item, string currency)
    {
        if (item is null)
        {
            errors[path] = ["must not be null"];
            return;
        }

        CheckText(errors, $"{path}.sku", item.Sku);
        if (item.Quantity is < 1 or > MaxQuantity)
            errors[$"{path}.quantity"] = [$"must be between 1 and {MaxQuantity}"];
        if (item.UnitPrice is <= 0 or > MaxUnitPrice)
            errors[$"{path}.unitPrice"] = [$"must be greater than 0 and at most {MaxUnitPrice.ToString(CultureInfo.InvariantCulture)}"];
        else if (Money.TryGetDecimals(currency, out var decimals) && !Money.TryCreate(item.UnitPrice, currency, out _))
            errors[$"{path}.unitPrice"] = [$"must have at most {decimals} decimals in this currency"];
    }

    /// <summary>Printable: control characters and unpaired surrogates would corrupt logs, terminals and the database.</summary>
    private static void CheckText(Dictionary<string, string[]> errors, string path, string text)
    {
        if (text.Length is 0 or > MaxText)
            errors[path] = [$"must have 1 to {MaxText} characters, has {text.Length}"];
        else if (text.EnumerateRunes().Any(rune => rune == System.Text.Rune.ReplacementChar || System.Text.Rune.IsControl(rune))
            || string.IsNullOrWhiteSpace(text))
            errors[path] = ["must be printable text"];
    }
}
