using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>The contract of docs/payment-providers.md over HTTP. <see cref="HttpAnswer"/> interprets the responses.</summary>
internal sealed class HttpProvider(ProviderPipeline pipeline) : IPaymentProvider
{
    private static readonly Uri Charges = new("charges", UriKind.Relative);
    private static readonly Uri Refunds = new("refunds", UriKind.Relative);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public Task<ChargeOutcome> ChargeAsync(
        Guid orderId, decimal amount, string currency, string? paymentMethod, Guid key, CancellationToken cancellationToken) =>
        SendAsync(
            ProviderCall.Charge,
            Post(Charges, key, JsonSerializer.SerializeToUtf8Bytes(
                new(orderId, amount, currency, paymentMethod), GatewayJson.Default.ChargeRequest)),
            cancellationToken);

    public Task<ChargeOutcome> RefundAsync(
        string chargeId, decimal amount, string currency, Guid? reference, Guid key, CancellationToken cancellationToken) =>
        SendAsync(
            ProviderCall.Refund,
            Post(Refunds, key, JsonSerializer.SerializeToUtf8Bytes(new(chargeId, amount, reference), GatewayJson.Default.RefundRequest)),
            cancellationToken);

    public Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        SendAsync(ProviderCall.LookUp, new HttpRequestMessage(HttpMethod.Get, $"charges?orderId={orderId}"), cancellationToken);

    public Task<ChargeOutcome> FindRefundAsync(string chargeId, Guid reference, CancellationToken cancellationToken) =>
        SendAsync(
            ProviderCall.LookUp,
            new HttpRequestMessage(HttpMethod.Get, $"refunds?chargeId={Uri.EscapeDataString(chargeId)}"),
            cancellationToken,
            reference);

    private async Task<ChargeOutcome> SendAsync(
        string kind, HttpRequestMessage message, CancellationToken cancellationToken, Guid? refund = null)
    {
        using (message)
        {
            return await pipeline.SendAsync(
                kind, (kind, response) => HttpAnswer.Classify(kind, response, refund),
                async http => (await http.SendAsync(message, cancellationToken)).Dispose());
        }
    }

    private static HttpRequestMessage Post(Uri path, Guid key, byte[] body) => new(HttpMethod.Post, path)
    {
        Headers = { { ProviderPipeline.KeyHeader, key.ToString() } },
        Content = new ByteArrayContent(body) { Headers = { ContentType = Json } },
    };
}

internal sealed record ChargeRequest(Guid OrderId, decimal Amount, string Currency, string? PaymentMethod);

/// <summary>That of a cancelled order has no reference: a key keeps its body from one release to the next.</summary>
internal sealed record RefundRequest(string ChargeId, decimal Amount, Guid? Reference);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChargeRequest))]
[JsonSerializable(typeof(RefundRequest))]
internal sealed partial class GatewayJson : JsonSerializerContext;
