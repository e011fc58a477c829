using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The body of a request to place an order. Clients are trusted systems: they set the prices.</summary>
internal sealed record PlaceOrderRequest(
    [property: Description("The customer's id at the client: 1 to 64 printable characters.")] string CustomerId,
    [property: Description("ISO 4217 code, such as EUR.")] string Currency,
    [property: Description("1 to 200 lines.")] IReadOnlyList<PlaceOrderItem> Items,
    [property: Description(
        "Opaque token of the payment provider for the card or account that pays: 1 to 255 visible ASCII characters. Never a card number.")]
    string? PaymentMethod = null);

/// <summary>One line of an order.</summary>
internal sealed record PlaceOrderItem(
    [property: Description("The article's id at the client: 1 to 64 printable characters.")] string Sku,
    [property: Description("Pieces, 1 to 10,000.")] int Quantity,
    [property: Description("Price of one piece in units of the currency, with no more decimals than the currency has.")]
    [property: JsonConverter(typeof(ExactDecimal))] decimal UnitPrice);

/// <summary>Strict: unknown, missing, null and duplicate members are errors, and so are numbers in quotes.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    PropertyNameCaseInsensitive = false, AllowDuplicateProperties = false, MaxDepth = 8)]
[JsonSerializable(typeof(PlaceOrderRequest))]
internal sealed partial class PlaceOrderJson : JsonSerializerContext;
