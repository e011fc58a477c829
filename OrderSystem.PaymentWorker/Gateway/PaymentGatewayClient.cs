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
        PostAsync(Charges, key, JsonSerializer.SerializeToUtf8Bytes(new(orderId, amount, currency), GatewayJson.Default.ChargeRequest), cancellationToken);

    /// <summary>Gives a charge back under a key of its own.</summary>
    internal Task<ChargeOutcome> RefundAsync(string chargeId, decimal amount, Guid key, CancellationToken cancellationToken) =>
        PostAsync(Refunds, key, JsonSerializer.SerializeToUtf8Bytes(new(chargeId, amount), GatewayJson.Default.RefundRequest), cancellationToken);

    /// <summary>Looks an order's charge up. Having none is not certain: a call may still be on its way.</summary>
    internal async Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken)
    {
        try
        {
            var charges = await http.GetFromJsonAsync($"charges?orderId={orderId}", GatewayJson.Default.ChargeAnswerArray, cancellationToken);
            var charge = charges?.FirstOrDefault(charge => charge.Status == "succeeded") ?? charges?.FirstOrDefault();
            return charge switch
            {
                { Status: "succeeded", Id.Length: > 0 } => ChargeOutcome.Succeeded(charge.Id),
                { Status: "declined" } => ChargeOutcome.Declined(charge.Id, charge.Reason ?? "declined"),
                _ => ChargeOutcome.Unknown("the provider knows no charge of the order"),
            };
        }
        catch (BrokenCircuitException refused)
        {
            return ChargeOutcome.NotSent(refused.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or ExecutionRejectedException or JsonException)
        {
            return ChargeOutcome.Unknown(failure.Message);
        }
    }

    private async Task<ChargeOutcome> PostAsync(Uri path, Guid key, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Idempotency-Key", key.ToString());
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = Json } };
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return await ReadAsync(response, cancellationToken);
        }
        catch (BrokenCircuitException refused)
        {
            // This call was not made. An earlier attempt of the same charge may have been: the status of the payment knows.
            return ChargeOutcome.NotSent(refused.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or ExecutionRejectedException or JsonException)
        {
            return ChargeOutcome.Unknown(failure.Message);
        }
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

/// <summary>What is known about a charge.</summary>
internal readonly record struct ChargeOutcome(ChargeStatus Status, string? Reference, string? Reason)
{
    internal static ChargeOutcome Succeeded(string reference) => new(ChargeStatus.Succeeded, reference, null);

    internal static ChargeOutcome Declined(string? reference, string reason) => new(ChargeStatus.Declined, reference, reason);

    /// <summary>It may have been charged or not.</summary>
    internal static ChargeOutcome Unknown(string reason) => new(ChargeStatus.Unknown, null, reason);

    /// <summary>The circuit is open: the provider was not asked.</summary>
    internal static ChargeOutcome NotSent(string reason) => new(ChargeStatus.NotSent, null, reason);

    /// <summary>The provider will never take this request: a person has to look.</summary>
    internal static ChargeOutcome Refused(string reason) => new(ChargeStatus.Refused, null, reason);
}

internal enum ChargeStatus
{
    Succeeded,
    Declined,
    Unknown,
    NotSent,
    Refused,
}

internal sealed record ChargeRequest(Guid OrderId, decimal Amount, string Currency);

internal sealed record RefundRequest(string ChargeId, decimal Amount);

internal sealed record ChargeAnswer(string? Id, string? Status, string? Reason);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChargeRequest))]
[JsonSerializable(typeof(RefundRequest))]
[JsonSerializable(typeof(ChargeAnswer[]))]
internal sealed partial class GatewayJson : JsonSerializerContext;
