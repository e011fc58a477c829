using System.Globalization;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The limits of an order. Each message names the field and the limit.</summary>
internal static class PlaceOrderValidation
{
    private const int MaxText = 64;
    private const int MaxItems = 200;
    private const int MaxQuantity = 10_000;
    private const decimal MaxUnitPrice = 1_000_000_000m;
    private const decimal MaxTotal = 1_000_000_000_000m;

    /// <summary>Returns what is wrong, by field, or null and the total.</summary>
    internal static Dictionary<string, string[]>? Validate(PlaceOrderRequest request, out decimal total)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        CheckText(errors, "customerId", request.CustomerId);
        if (!Currencies.TryGetDecimals(request.Currency, out var decimals))
            errors["currency"] = ["must be the ISO 4217 code of a currency in upper case, such as EUR"];
        if (request.Items.Count is 0 or > MaxItems)
            errors["items"] = [$"must have 1 to {MaxItems} lines, has {request.Items.Count}"];

        total = 0;
        for (var i = 0; i < request.Items.Count && i < MaxItems; i++)
            total += Check(errors, $"items[{i}]", request.Items[i], decimals);
        if (errors.Count == 0 && total > MaxTotal)
            errors["items"] = [string.Create(CultureInfo.InvariantCulture, $"must total at most {MaxTotal}, total {total}")];
        return errors.Count == 0 ? null : errors;
    }

    private static decimal Check(Dictionary<string, string[]> errors, string path, PlaceOrderItem? item, int decimals)
    {
        if (item is null)
        {
            errors[path] = ["must not be null"];
            return 0;
        }

        CheckText(errors, $"{path}.sku", item.Sku);
        var quantityFits = item.Quantity is >= 1 and <= MaxQuantity;
        if (!quantityFits)
            errors[$"{path}.quantity"] = [$"must be between 1 and {MaxQuantity}"];
        var priceFits = item.UnitPrice is > 0 and <= MaxUnitPrice;
        if (!priceFits)
            errors[$"{path}.unitPrice"] = [$"must be greater than 0 and at most {MaxUnitPrice.ToString(CultureInfo.InvariantCulture)}"];
        else if (decimal.Round(item.UnitPrice, decimals) != item.UnitPrice)
            errors[$"{path}.unitPrice"] = [$"must have at most {decimals} decimals in this currency"];
        return quantityFits && priceFits ? item.Quantity * item.UnitPrice : 0;
    }

    /// <summary>Printable: what a control character or half a surrogate pair would do in a log, a terminal or a database is nobody's intention.</summary>
    private static void CheckText(Dictionary<string, string[]> errors, string path, string text)
    {
        if (text.Length is 0 or > MaxText)
            errors[path] = [$"must have 1 to {MaxText} characters, has {text.Length}"];
        else if (text.EnumerateRunes().Any(rune => rune == System.Text.Rune.ReplacementChar || System.Text.Rune.IsControl(rune)) || string.IsNullOrWhiteSpace(text))
            errors[path] = ["must be printable text"];
    }
}
