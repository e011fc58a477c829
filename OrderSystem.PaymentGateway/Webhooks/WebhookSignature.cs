using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.PaymentGateway.Webhooks;

/// <summary>Signs webhooks as the provider of each API does.</summary>
internal static class WebhookSignature
{
    /// <summary>Adds the headers of a delivery.</summary>
    public static void AddTo(HttpRequestMessage request, Webhook webhook, WebhookOptions options, DateTimeOffset now, bool isWrong)
    {
        var time = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        if (webhook.Api == Webhook.Stripe)
        {
            var signature = Sign(Encoding.UTF8.GetBytes(options.Secret!), $"{time}.", webhook.Body, isWrong);
            request.Headers.TryAddWithoutValidation("Stripe-Signature", $"t={time},v1={Convert.ToHexStringLower(signature)}");
            return;
        }

        // standardwebhooks.com
        var signed = Sign(options.ReadKey(), $"{webhook.Id}.{time}.", webhook.Body, isWrong);
        request.Headers.TryAddWithoutValidation("webhook-id", webhook.Id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", time);
        request.Headers.TryAddWithoutValidation("webhook-signature", $"v1,{Convert.ToBase64String(signed)}");
    }

    private static byte[] Sign(byte[] key, string head, byte[] body, bool isWrong)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(head), .. body];
        return HMACSHA256.HashData(isWrong ? [.. key, 0x21] : key, signed);
    }
}
