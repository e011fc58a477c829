using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>Signs webhooks as Stripe and as standardwebhooks.com have it.</summary>
internal static class WebhookSigner
{
    /// <summary>A signing secret that either format accepts.</summary>
    internal const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwZmVzdHNlY3JldDE=";

    internal const string OtherSecret = "whsec_c2Vjb25kLXNlY3JldC13aXRoLTMyLWJ5dGVzLWhlcmU=";

    internal static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The headers of a webhook in the format of the provider.</summary>
    internal static Dictionary<string, string> Headers(string provider, string id, string body, string secret, DateTimeOffset at) =>
        provider == "stripe" ? OfStripe(body, secret, at) : Standard(id, body, secret, at);

    internal static Dictionary<string, string> OfStripe(string body, string secret, DateTimeOffset at) =>
        new(StringComparer.OrdinalIgnoreCase) { ["Stripe-Signature"] = $"t={Seconds(at)},v1={StripeSignature(body, secret, at)}" };

    internal static string StripeSignature(string body, string secret, DateTimeOffset at) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{Seconds(at)}.{body}")));

    internal static Dictionary<string, string> Standard(string id, string body, string secret, DateTimeOffset at) =>
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["webhook-id"] = id,
            ["webhook-timestamp"] = Seconds(at),
            ["webhook-signature"] = $"v1,{StandardSignature(id, body, secret, at)}",
        };

    internal static string StandardSignature(string id, string body, string secret, DateTimeOffset at) => Convert.ToBase64String(
        HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{id}.{Seconds(at)}.{body}")));

    internal static string Seconds(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>A delivery to a worker.</summary>
    internal static HttpRequestMessage Request(Uri worker, string provider, string body, IReadOnlyDictionary<string, string> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(worker, $"/webhooks/{provider}"))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    /// <summary>The report of the contract over HTTP about a charge.</summary>
    internal static string Report(Guid order, string status, string charge = "ch_1", string amount = "39.98", string currency = "EUR") =>
        $$$"""
        {"type":"charge.{{{status}}}","timestamp":"2026-01-31T12:00:00Z","data":{"id":"{{{charge}}}","orderId":"{{{order}}}",
         "status":"{{{status}}}","amount":{{{amount}}},"currency":"{{{currency}}}","reason":"card_declined"}}
        """;
}
