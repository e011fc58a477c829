namespace OrderSystem.Tests.Support;

/// <summary>The settings of a system whose provider is <c>http</c> or <c>stripe</c>, at the same simulator, which sends webhooks.</summary>
internal static class ProviderSettings
{
    internal const string ApiKey = "sk_test_marked";

    internal static (string Name, string Value)[] Of(string provider) =>
    [
        ("Payments__Provider", provider), ("Payments__Stripe__ApiKey", ApiKey), ("Payments__Stripe__PaymentMethod", "pm_card_visa"),
        ("Webhooks__Secret", WebhookSigner.Secret), ("Payments__WebhookSecret", WebhookSigner.Secret),
        ("Payments__Stripe__WebhookSecret", WebhookSigner.Secret),
    ];

    /// <summary>
    /// Without webhooks, an outcome that only a look-up tells comes soon. Stripe repeats the answer of a key, also when it is an error.
    /// </summary>
    internal static (string Name, string Value)[] WithoutWebhooks(string provider) =>
    [
        .. Of(provider).Where(setting => !setting.Name.Contains("Webhook", StringComparison.Ordinal)),
        ("Payments__ReconcileAfter__0", "00:00:01"), ("Payments__ReconcileAfter__1", "00:00:02"),
        ("Payments__ReconcileAfter__2", "00:00:05"), ("Payments__ReconcileAfter__3", "00:00:10"),
    ];
}
