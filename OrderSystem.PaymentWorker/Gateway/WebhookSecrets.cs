using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// The secrets that sign the provider's webhooks: one, or two while it is rotated. Their secret file is read again from time to time, and
/// not when a signature is wrong: the sender of a webhook must not decide when a file is read, nor learn it from the time that takes.
/// </summary>
internal sealed class WebhookSecrets(IOptions<GatewayOptions> options, IConfiguration configuration, TimeProvider time)
{
    private const int MaxSecrets = 2;
    private const string Prefix = "whsec_";
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private volatile Secrets current = new(Split(Configured(options.Value)), time.GetTimestamp());

    /// <summary>Empty when webhooks are not accepted.</summary>
    internal IReadOnlyList<string> Current
    {
        get
        {
            if (time.GetElapsedTime(current.ReadAt) > Lifetime)
                current = new(ReadAgain() ?? current.Values, time.GetTimestamp());
            return current.Values;
        }
    }

    /// <summary>The key of a secret of the contract over HTTP (Standard Webhooks); null when it is none.</summary>
    internal static byte[]? KeyOf(string secret)
    {
        var key = new byte[secret.Length];
        return secret.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length) && length is >= 24 and <= 64
            ? key[..length]
            : null;
    }

    /// <summary>What is wrong, without a word of the secret.</summary>
    internal static IEnumerable<ValidationResult> Validate(GatewayOptions options)
    {
        var secrets = Split(Configured(options));
        if (secrets.Length > MaxSecrets)
            yield return Invalid(options, "has more than two secrets; set it to the current one and, while it is rotated, the next.");
        else if (!secrets.All(secret => IsValid(options, secret)))
        {
            yield return Invalid(options, options.IsStripe
                ? "is no signing secret of Stripe; copy it (whsec_…) from the webhook endpoint in the dashboard of Stripe."
                : "must be whsec_ and 24 to 64 bytes in base64, as from: echo whsec_$(openssl rand -base64 32).");
        }
    }

    private string[]? ReadAgain() =>
        SecretFiles.ReadAgain(configuration, Setting(options.Value)) is { } text && Split(text) is { Length: <= MaxSecrets } secrets
        && secrets.All(secret => IsValid(options.Value, secret))
            ? secrets
            : null;

    private static bool IsValid(GatewayOptions options, string secret) => options.IsStripe
        ? secret.StartsWith(Prefix, StringComparison.Ordinal) && secret.Length >= Prefix.Length + 16 && secret.All(char.IsAscii)
        : KeyOf(secret) is not null;

    private static string? Configured(GatewayOptions options) => options.IsStripe ? options.Stripe.WebhookSecret : options.WebhookSecret;

    private static string Setting(GatewayOptions options) => options.IsStripe
        ? $"{GatewayOptions.Section}__{nameof(GatewayOptions.Stripe)}__{nameof(StripeOptions.WebhookSecret)}"
        : $"{GatewayOptions.Section}__{nameof(GatewayOptions.WebhookSecret)}";

    private static string[] Split(string? text) => text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static ValidationResult Invalid(GatewayOptions options, string why) =>
        new($"{Setting(options)} {why}", [nameof(GatewayOptions.WebhookSecret)]);

    private sealed record Secrets(string[] Values, long ReadAt);
}
