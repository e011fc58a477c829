using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// The webhooks of the contract over HTTP, signed as standardwebhooks.com has it: HMAC-SHA256 over id, time and body. The headers are
/// <c>webhook-id</c>, <c>webhook-timestamp</c> and <c>webhook-signature</c>.
/// </summary>
internal sealed class StandardWebhooks(string provider) : IWebhookFormat
{
    private const string IdHeader = "webhook-id";
    private const string TimeHeader = "webhook-timestamp";
    private const string SignatureHeader = "webhook-signature";
    private const string Version = "v1,";
    private const int MaxSignatures = 8;

    public bool IsAuthentic(IHeaderDictionary headers, ReadOnlyMemory<byte> body, IReadOnlyList<string> secrets, DateTimeOffset now)
    {
        var (id, time) = (Single(headers, IdHeader), Single(headers, TimeHeader));
        var isTimely = long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(seconds - now.ToUnixTimeSeconds()) <= (long)IWebhookFormat.Tolerance.TotalSeconds;
        var signed = new ArrayBufferWriter<byte>(body.Length + id.Length + time.Length + 2);
        signed.Write(Encoding.UTF8.GetBytes($"{id}.{time}."));
        signed.Write(body.Span);

        var given = Signatures(Single(headers, SignatureHeader));
        var isSigned = false;
        foreach (var secret in secrets)
        {
            var expected = HMACSHA256.HashData(WebhookSecrets.KeyOf(secret)!, signed.WrittenSpan);
            foreach (var signature in given)
                isSigned |= CryptographicOperations.FixedTimeEquals(expected, signature);
        }

        return isSigned & isTimely & ProviderText.IsId(id);
    }

    public WebhookEvent? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var message = document.RootElement;
        if (ProviderResponse.Text(message, "type") is not { Length: > 0 } type)
            return null;
        var data = ProviderResponse.Property(message, "data") ?? default;
        return new(
            provider, Single(headers, IdHeader), ProviderText.Clean(type), ClaimOf(type, ProviderResponse.Text(data, "status")),
            Guid.TryParse(ProviderResponse.Text(data, "orderId"), CultureInfo.InvariantCulture, out var order) ? order : null,
            ProviderResponse.Id(data, "id"),
            ProviderResponse.Property(data, "amount") is { ValueKind: JsonValueKind.Number } amount && amount.TryGetDecimal(out var value)
                ? value
                : null,
            ProviderResponse.Text(data, "currency") is { Length: 3 } currency ? ProviderText.Clean(currency) : null,
            ProviderResponse.Text(data, "reason") is { Length: > 0 } reason ? ProviderText.Clean(reason) : null)
        {
            Charge = ProviderResponse.Id(data, "chargeId"),
            RefundId = Guid.TryParse(ProviderResponse.Text(data, "reference"), CultureInfo.InvariantCulture, out var refund)
                ? refund
                : null,
        };
    }

    /// <summary>The type tells what it is about, and the status what became of it. A dispute counts when it is lost.</summary>
    private static WebhookClaim ClaimOf(string type, string? status) => status switch
    {
        "succeeded" when type.StartsWith("refund.", StringComparison.Ordinal) => WebhookClaim.Refunded,
        "failed" when type.StartsWith("refund.", StringComparison.Ordinal) => WebhookClaim.RefundFailed,
        "lost" when type.StartsWith("charge.dispute.", StringComparison.Ordinal) => WebhookClaim.Chargeback,
        _ when type.StartsWith("refund.", StringComparison.Ordinal) || type.StartsWith("charge.dispute.", StringComparison.Ordinal) =>
            WebhookClaim.Nothing,
        "succeeded" => WebhookClaim.Succeeded,
        "declined" => WebhookClaim.Declined,
        "processing" => WebhookClaim.Processing,
        _ => WebhookClaim.Nothing,
    };

    /// <summary>The signatures in the header; one that cannot match when there is none, so that one is always compared.</summary>
    private static List<byte[]> Signatures(string header)
    {
        var found = new List<byte[]>();
        foreach (var part in header.Split(' ', MaxSignatures + 1, StringSplitOptions.RemoveEmptyEntries).Take(MaxSignatures))
        {
            var signature = new byte[HMACSHA256.HashSizeInBytes];
            if (part.StartsWith(Version, StringComparison.Ordinal)
                && Convert.TryFromBase64String(part[Version.Length..], signature, out var length) && length == signature.Length)
                found.Add(signature);
        }

        return found.Count > 0 ? found : [[]];
    }

    private static string Single(IHeaderDictionary headers, string name) =>
        headers[name] is [{ Length: <= 4_096 } single] ? single : "";
}
