using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Polly;
using Polly.CircuitBreaker;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>The provider's contract, one method for each call.</summary>
internal sealed class PaymentGatewayClient(HttpClient http)
{
    private static readonly Uri Charges = new("charges", UriKind.Relative);
    private static readonly Uri Refunds = new("refunds", UriKind.Relative);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Charges an order under a key. The provider answers the same key with the same charge, however often it is asked.</summary>
    /// <returns>What is certain: only an answer of the provider is an outcome, everything else is unknown.</returns>
    internal Task<ChargeOutcome> ChargeAsync(Guid orderId, decimal amount, string currency, Guid key, CancellationToken cancellationToken) =>
        SendAsync("charge", Post(Charges, key, JsonSerializer.SerializeToUtf8Bytes(new(orderId, amount, currency), GatewayJson.Default.ChargeRequest)), ReadAsync, cancellationToken);

    /// <summary>Gives a charge back under a key of its own.</summary>
    internal Task<ChargeOutcome> RefundAsync(string chargeId, decimal amount, Guid key, CancellationToken cancellationToken) =>
        SendAsync("refund", Post(Refunds, key, JsonSerializer.SerializeToUtf8Bytes(new(chargeId, amount), GatewayJson.Default.RefundRequest)), ReadAsync, cancellationToken);

    /// <summary>Looks an order's charge up. Having none is not certain: a call may still be on its way.</summary>
    internal Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        SendAsync("look-up", new HttpRequestMessage(HttpMethod.Get, $"charges?orderId={orderId}"), ReadFoundAsync, cancellationToken);

    private async Task<ChargeOutcome> SendAsync(
        string kind, HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<ChargeOutcome>> readAsync, CancellationToken cancellationToken)
    {
        var calls = new List<ProviderCall>();
        request.Options.Set(ProviderCallRecorder.Calls, calls);
        request.Options.Set(ProviderCallRecorder.Kind, kind);
        var outcome = await TryAsync(request, calls, readAsync, cancellationToken);
        if (calls.Count > 0 && outcome.Reference is not null)
            calls[^1] = calls[^1] with { Reference = outcome.Reference };
        return outcome with { Calls = calls };
    }

    private async Task<ChargeOutcome> TryAsync(
        HttpRequestMessage request, List<ProviderCall> calls, Func<HttpResponseMessage, CancellationToken, Task<ChargeOutcome>> readAsync, CancellationToken cancellationToken)
    {
        try
        {
            using (request)
            using (var response = await http.SendAsync(request, cancellationToken))
                return await readAsync(response, cancellationToken);
        }
        catch (BrokenCircuitException refused) when (calls.Count == 0)
        {
            Activity.Current?.AddEvent(new("payment.breaker_refused"));

            // This call was not made. An earlier attempt of the same charge may have been: the status of the payment knows.
            return ChargeOutcome.NotSent(refused.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or ExecutionRejectedException or JsonException)
        {
            return ChargeOutcome.Unknown(failure.Message);
        }
    }

    private static HttpRequestMessage Post(Uri path, Guid key, byte[] body) => new(HttpMethod.Post, path)
    {
        Headers = { { "Idempotency-Key", key.ToString() } },
        Content = new ByteArrayContent(body) { Headers = { ContentType = Json } },
    };

    private static async Task<ChargeOutcome> ReadFoundAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        response.EnsureSuccessStatusCode();
        var charges = await response.Content.ReadFromJsonAsync(GatewayJson.Default.ChargeAnswerArray, cancellationToken);
        var charge = charges?.FirstOrDefault(charge => charge.Status == "succeeded") ?? charges?.FirstOrDefault();
        return charge switch
        {
            { Status: "succeeded", Id.Length: > 0 } => ChargeOutcome.Succeeded(charge.Id),
            { Status: "declined" } => ChargeOutcome.Declined(charge.Id, charge.Reason ?? "declined"),
            _ => ChargeOutcome.Unknown("the provider knows no charge of the order"),
        };
    }

    private static async Task<ChargeOutcome> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.PaymentRequired:
                var answer = await response.Content.ReadFromJsonAsync(GatewayJson.Default.ChargeAnswer, cancellationToken);
                return answer switch
                {
                    { Status: "succeeded", Id.Length: > 0 } when response.StatusCode == HttpStatusCode.OK => ChargeOutcome.Succeeded(answer.Id),
                    { Status: "declined" } when response.StatusCode == HttpStatusCode.PaymentRequired => ChargeOutcome.Declined(answer.Id, answer.Reason ?? "declined"),
                    _ => ChargeOutcome.Unknown($"the provider answered {(int)response.StatusCode} with a body that is not its contract"),
                };
            case HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or (HttpStatusCode)425 or >= HttpStatusCode.InternalServerError:
                return ChargeOutcome.Unknown($"the provider answered {(int)response.StatusCode}");
            default:
                return ChargeOutcome.Refused($"the provider refused the request itself with {(int)response.StatusCode}");
        }
    }
}

internal sealed record ChargeRequest(Guid OrderId, decimal Amount, string Currency);

internal sealed record RefundRequest(string ChargeId, decimal Amount);

internal sealed record ChargeAnswer(string? Id, string? Status, string? Reason);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChargeRequest))]
[JsonSerializable(typeof(RefundRequest))]
[JsonSerializable(typeof(ChargeAnswer[]))]
internal sealed partial class GatewayJson : JsonSerializerContext;
