using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Polly;
using Polly.CircuitBreaker;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>The provider's contract, one method for each call. What an answer means is <see cref="ProviderAnswer"/>'s to say.</summary>
internal sealed class PaymentGatewayClient(IHttpClientFactory clients, TimeProvider time)
{
    /// <summary>Name of the HTTP client.</summary>
    internal const string Name = "payment-gateway";

    internal const string KeyHeader = "Idempotency-Key";

    private static readonly Uri Charges = new("charges", UriKind.Relative);
    private static readonly Uri Refunds = new("refunds", UriKind.Relative);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Charges an order under a key. The provider answers the same key with the same charge, however often it is asked.</summary>
    internal Task<ChargeOutcome> ChargeAsync(Guid orderId, decimal amount, string currency, Guid key, CancellationToken cancellationToken) =>
        SendAsync(ProviderCall.Charge, Post(Charges, key, JsonSerializer.SerializeToUtf8Bytes(new(orderId, amount, currency), GatewayJson.Default.ChargeRequest)), cancellationToken);

    /// <summary>Gives a charge back under a key of its own.</summary>
    internal Task<ChargeOutcome> RefundAsync(string chargeId, decimal amount, Guid key, CancellationToken cancellationToken) =>
        SendAsync(ProviderCall.Refund, Post(Refunds, key, JsonSerializer.SerializeToUtf8Bytes(new(chargeId, amount), GatewayJson.Default.RefundRequest)), cancellationToken);

    /// <summary>Looks an order's charge up. Having none is certain only once no call can be on its way any more.</summary>
    internal Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        SendAsync(ProviderCall.LookUp, new HttpRequestMessage(HttpMethod.Get, $"charges?orderId={orderId}"), cancellationToken);

    private async Task<ChargeOutcome> SendAsync(string kind, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = new ProviderRequest(kind, time.GetTimestamp());
        request.Options.Set(ProviderRequest.Key, asked);
        try
        {
            using var http = clients.CreateClient(Name);
            using (request)
            using (await http.SendAsync(request, cancellationToken))
                return asked.Outcome()!.Value;
        }
        catch (BrokenCircuitException refused)
        {
            Activity.Current?.AddEvent(new("payment.breaker_refused"));

            // Of this question nothing was sent, unless an attempt before this one was. An earlier question may have been: the payment knows.
            return asked.Outcome() ?? ChargeOutcome.Unavailable(ProviderFailure.Circuit, refused.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or ExecutionRejectedException)
        {
            return asked.Outcome() ?? ChargeOutcome.Unknown(ProviderFailure.Timeout, failure.Message);
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
