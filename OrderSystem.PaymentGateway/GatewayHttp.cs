using System.Text.Json.Serialization;
using OrderSystem.PaymentGateway.Charges;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Refunds;

namespace OrderSystem.PaymentGateway;

internal static class GatewayHttp
{
    private const int MaxBodyBytes = 64 * 1024;

    public static void AddGatewayHttp(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, GatewayJson.Default);
        });
    }
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChargeRequest))]
[JsonSerializable(typeof(ChargeAnswer))]
[JsonSerializable(typeof(IEnumerable<ChargeView>))]
[JsonSerializable(typeof(RefundRequest))]
[JsonSerializable(typeof(RefundAnswer))]
[JsonSerializable(typeof(FaultSettings))]
[JsonSerializable(typeof(LedgerSummary))]
internal sealed partial class GatewayJson : JsonSerializerContext;
