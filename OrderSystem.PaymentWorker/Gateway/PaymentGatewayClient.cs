using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Polly;
using Polly.CircuitBreaker;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>The provider's contract, one method for each call. <see cref="ProviderAnswer"/> interprets the responses.</summary>
internal sealed class PaymentGatewayClient(IHttpClientFactory clients, TimeProvider time)
{
    /// <summary>Name of the HTTP client.</summary>
    internal const string Name = "payment-gateway";

    internal const string KeyHeader = "Idempotency-Key";

    private static readonly Uri Charges = new("charges", UriKind.Relative);
    private static readonly Uri Refunds = new("refunds", UriKind.Relative);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>
    /// Charges an order under an idempotency key: the provider returns the same charge for the same key, however often it is called.
    /// </summary>
    internal Task<ChargeOutcome> ChargeAsync(
        Guid orderId, decimal amount, string currency, Guid key, CancellationToken cancellationToken) =>
        SendAsync(
            ProviderCall.Charge,
            Post(Charges, key, JsonSerializer.SerializeToUtf8Bytes(new(orderId, amount, currency), GatewayJson.Default.ChargeRequest)),
            cancellationToken);

    /// <summary>Refunds a charge under its own idempotency key.</summary>
    internal Task<ChargeOutcome> RefundAsync(string chargeId, decimal amount, Guid key, CancellationToken cancellationToken) =>
        SendAsync(
            ProviderCall.Refund,
            Post(Refunds, key, JsonSerializer.SerializeToUtf8Bytes(new(chargeId, amount), GatewayJson.Default.RefundRequest)),
            cancellationToken);

    /// <summary>Looks up an order's charge. That there is none is certain only when no charge call can be in flight any more.</summary>
    internal Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        SendAsync(ProviderCall.LookUp, new HttpRequestMessage(HttpMethod.Get, $"charges?orderId={orderId}"), cancellationToken);

    private async Task<ChargeOutcome> SendAsync(string kind, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        var request = new ProviderRequest(kind, time.GetTimestamp());
        message.Options.Set(ProviderRequest.Key, request);
        try
        {
            using var http = clients.CreateClient(Name);
            using (message)
            using (await http.SendAsync(message, cancellationToken))
                return request.Outcome()!.Value;
        }
        catch (BrokenCircuitException refused)
        {
            Activity.Current?.AddEvent(new("payment.breaker_refused"));

            // Nothing was sent for this request, unless in an earlier attempt. Earlier requests for the payment are recorded with the
            // payment.
            return request.Outcome() ?? ChargeOutcome.Unavailable(ProviderFailure.Circuit, refused.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or ExecutionRejectedException)
        {
            return request.Outcome() ?? ChargeOutcome.Unknown(ProviderFailure.Timeout, failure.Message);
        }
    }

    private static HttpRequestMessage Post(Uri path, Guid key, byte[] body) => new(HttpMethod.Post, path)
    {
        Headers = { { KeyHeader, key.ToString() } },
        Content = new ByteArrayContent(body) { Headers = { ContentType = Json } },
    };
}

internal sealed record ChargeRequest(Guid OrderId, decimal Amount, string Currency);

internal sealed record RefundRequest(string ChargeId, decimal Amount);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChargeRequest))]
[JsonSerializable(typeof(RefundRequest))]
internal sealed partial class GatewayJson : JsonSerializerContext;
