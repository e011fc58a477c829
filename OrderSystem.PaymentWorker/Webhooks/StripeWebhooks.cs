using System.Globalization;
using System.Text;
using System.Text.Json;
using OrderSystem.PaymentWorker.Gateway;
using Stripe;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// Stripe's webhooks: its own client checks the signature. Of an event only what it says about a payment
/// intent, a refund or a dispute is read.
/// </summary>
internal sealed class StripeWebhooks(string provider) : IWebhookFormat
{
    private const string SignatureHeader = "Stripe-Signature";
    private const int LongestHeader = 2_048;

    /// <summary>Takes the place of a header that Stripe's client could not read, so that a signature is computed all the same.</summary>
    private static readonly string NoSignature = $"v1={new string('0', 64)}";

    public bool IsAuthentic(IHeaderDictionary headers, ReadOnlyMemory<byte> body, IReadOnlyList<string> secrets, DateTimeOffset now)
    {
        var header = headers[SignatureHeader] is [{ Length: <= LongestHeader } single] && IsReadable(single)
            ? single
            : string.Create(CultureInfo.InvariantCulture, $"t={now.ToUnixTimeSeconds()},{NoSignature}");
        var json = Encoding.UTF8.GetString(body.Span);
        var isSigned = false;
        foreach (var secret in secrets)
            isSigned |= IsSigned(json, header, secret, now);
        return isSigned;
    }

    public WebhookEvent? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var message = document.RootElement;
        if (ProviderResponse.Id(message, "id") is not { } id || ProviderResponse.Text(message, "type") is not { Length: > 0 } type)
            return null;
        var subject = ProviderResponse.Property(ProviderResponse.Property(message, "data"), "object") ?? default;
        var found = new WebhookEvent(provider, id, ProviderText.Clean(type), ClaimOf(type, ProviderResponse.Text(subject, "status")));
        var currency = ProviderResponse.Text(subject, "currency") is { Length: 3 } lower ? lower.ToUpperInvariant() : null;
        return found.Claim == WebhookClaim.Nothing ? found
            : found.IsAboutRefund ? ReadRefund(found, subject, currency)
            : ReadIntent(found, subject, currency);
    }

    private static WebhookEvent ReadIntent(WebhookEvent found, JsonElement intent, string? currency) =>
        found with
        {
            OrderId = OrderOf(intent),
            Reference = StripeAnswer.ChargeOf(intent) ?? (found.Claim == WebhookClaim.Succeeded ? null : ProviderResponse.Id(intent, "id")),
            Amount = AmountOf(intent, found.Claim == WebhookClaim.Succeeded ? "amount_received" : "amount", currency),
            Currency = currency,
            Reason = ReasonOf(intent, found.Claim),
        };

    /// <summary>Both name the charge. Only a refund that this system made has our id in its metadata; a dispute has none.</summary>
    private static WebhookEvent ReadRefund(WebhookEvent found, JsonElement subject, string? currency) =>
        found with
        {
            Reference = ProviderResponse.Id(subject, "id"),
            Charge = ProviderResponse.Id(subject, "charge"),
            RefundId = StripeAnswer.ReferenceOf(subject),
            Amount = AmountOf(subject, "amount", currency),
            Currency = currency,
            Reason = (ProviderResponse.Text(subject, "failure_reason") ?? ProviderResponse.Text(subject, "reason")) is { } reason
                ? ProviderText.Clean(reason)
                : null,
        };

    /// <summary>A dispute counts when it is lost: until then the money may come back.</summary>
    private static WebhookClaim ClaimOf(string type, string? status) => type switch
    {
        "refund.created" or "refund.updated" or "refund.failed" or "charge.refund.updated" => status switch
        {
            "succeeded" => WebhookClaim.Refunded,
            "failed" or "canceled" => WebhookClaim.RefundFailed,
            _ => WebhookClaim.Nothing,
        },
        "charge.dispute.closed" => status == "lost" ? WebhookClaim.Chargeback : WebhookClaim.Nothing,
        "payment_intent.succeeded" => WebhookClaim.Succeeded,
        "payment_intent.payment_failed" or "payment_intent.canceled" => WebhookClaim.Declined,
        "payment_intent.processing" => WebhookClaim.Processing,
        _ => WebhookClaim.Nothing,
    };

    /// <summary>As the charge was made: in the metadata, and as the transfer group.</summary>
    private static Guid? OrderOf(JsonElement intent)
    {
        var named = (ProviderResponse.Property(intent, "metadata") is { } metadata ? ProviderResponse.Text(metadata, "order_id") : null)
            ?? ProviderResponse.Text(intent, "transfer_group");
        return Guid.TryParse(named, CultureInfo.InvariantCulture, out var order) ? order : null;
    }

    private static decimal? AmountOf(JsonElement subject, string name, string? currency) =>
        currency is not null
        && ProviderResponse.Property(subject, name) is { ValueKind: JsonValueKind.Number } amount
        && amount.TryGetInt64(out var units)
            ? StripeAmount.FromMinorUnits(units, currency)
            : null;

    private static string? ReasonOf(JsonElement intent, WebhookClaim claim) => claim != WebhookClaim.Declined ? null
        : ProviderText.Clean(ProviderResponse.Property(intent, "last_payment_error") is { } error
            ? StripeAnswer.ReasonOf(error)
            : ProviderResponse.Text(intent, "cancellation_reason") ?? "canceled");

    /// <summary>What Stripe's client needs: a time, and at least one signature.</summary>
    private static bool IsReadable(string header)
    {
        var items = header.Split(',').Select(item => item.Trim().Split('=', 2)).ToArray();
        return items.All(item => item.Length == 2)
            && int.TryParse(items.FirstOrDefault(item => item[0] == "t")?[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && items.Any(item => item[0] == "v1");
    }

    private static bool IsSigned(string json, string header, string secret, DateTimeOffset now)
    {
        try
        {
            EventUtility.ValidateSignature(
                json, header, secret, (long)IWebhookFormat.Tolerance.TotalSeconds, now.ToUnixTimeSeconds());
            return true;
        }
        catch (StripeException)
        {
            return false;
        }
    }
}
