using System.Text.Json.Serialization;
using OrderSystem.PaymentGateway.Charges;
using OrderSystem.PaymentGateway.Console;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Refunds;
using OrderSystem.PaymentGateway.Stripe;

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
            JsonSerializerContext[] contexts =
            [
                ChargesJson.Default, RefundsJson.Default, ConsoleJson.Default, FaultsJson.Default, LedgerJson.Default, StripeJson.Default,
            ];
            foreach (var context in contexts) json.SerializerOptions.TypeInfoResolverChain.Insert(0, context);
        });
    }
}
