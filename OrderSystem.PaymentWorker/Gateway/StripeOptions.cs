using System.ComponentModel.DataAnnotations;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Section <c>Payments:Stripe</c>, for <c>Payments:Provider</c> stripe.</summary>
internal sealed class StripeOptions
{
    private const string Section = $"{GatewayOptions.Section}__Stripe";

    /// <summary>A secret or restricted key. Required.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Base address of the API. Default https://api.stripe.com; another one only for a simulator.</summary>
    public Uri Url { get; set; } = new("https://api.stripe.com");

    /// <summary>
    /// Payment method of orders that have none of their own, such as pm_card_visa. Only with a test key: with a live one it would pay
    /// every customer's orders. Default: none, and such orders are refused.
    /// </summary>
    public string? PaymentMethod { get; set; }

    /// <summary>
    /// Signing secret of the webhook endpoint at Stripe; two, separated by white space, while it is rolled. Default: none, and webhooks are
    /// not accepted.
    /// </summary>
    public string? WebhookSecret { get; set; }

    /// <summary>What is wrong, without a word of the key.</summary>
    internal IEnumerable<ValidationResult> Validate()
    {
        if (string.IsNullOrWhiteSpace(ApiKey))
        {
            yield return Invalid(nameof(ApiKey), "is not set; set it, best as a secret file of that name, to a secret key (sk_…) or a "
                + "restricted key (rk_…) from the dashboard of Stripe.");
        }
        else if (ApiKey.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)))
        {
            yield return Invalid(nameof(ApiKey), "contains white space; set it to the key alone.");
        }
        else if (ApiKey.StartsWith("pk_", StringComparison.Ordinal))
        {
            yield return Invalid(nameof(ApiKey), "is a publishable key, which cannot charge; set it to a secret or restricted key.");
        }

        if (!GatewayOptions.IsHttp(Url))
            yield return Invalid(nameof(Url), "must be an absolute http or https address, such as https://api.stripe.com.");
        else if (IsLive && Url.Scheme != Uri.UriSchemeHttps)
            yield return Invalid(nameof(Url), "must be https with a live key, which would be sent in clear text otherwise.");
        if (PaymentMethod?.Any(char.IsControl) == true)
            yield return Invalid(nameof(PaymentMethod), "must be one line of text.");
        if (IsLive && !string.IsNullOrEmpty(PaymentMethod))
        {
            yield return Invalid(nameof(PaymentMethod), "is for test keys only: with a live key it would be charged for the orders of "
                + "every customer. Remove it.");
        }
    }

    private bool IsLive => ApiKey?.Contains("_live_", StringComparison.Ordinal) == true;

    private static ValidationResult Invalid(string name, string why) => new($"{Section}__{name} {why}", [name]);
}
