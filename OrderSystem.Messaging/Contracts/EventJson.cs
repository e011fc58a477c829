using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.Messaging.Contracts;

/// <summary>
/// How events look on the wire: camelCase, numbers as numbers, unknown members ignored so that a newer producer can add some.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 16)]
[JsonSerializable(typeof(OrderCreated))]
[JsonSerializable(typeof(OrderCancelled))]
[JsonSerializable(typeof(RefundRequested))]
[JsonSerializable(typeof(PaymentSucceeded))]
[JsonSerializable(typeof(PaymentDeclined))]
[JsonSerializable(typeof(PaymentRefunded))]
[JsonSerializable(typeof(ChargeRefunded))]
[JsonSerializable(typeof(RefundFailed))]
[JsonSerializable(typeof(PaymentReviewRequired))]
internal sealed partial class EventJson : JsonSerializerContext;
