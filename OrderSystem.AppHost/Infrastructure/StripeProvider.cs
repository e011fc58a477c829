namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Stripe as the payment provider: <c>Payments__Provider=stripe</c> for the AppHost.</summary>
internal static class StripeProvider
{
    internal static bool IsChosen(IDistributedApplicationBuilder builder) =>
        "stripe".Equals(builder.Configuration["Payments:Provider"], StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The key is a secret parameter: the dashboard and azd ask for it, or it is <c>Parameters__stripe-api-key</c>. Locally, orders
    /// without a payment method of their own are paid with a test card; the worker refuses that with a live key.
    /// </summary>
    internal static void WithStripe(this IResourceBuilder<ProjectResource> worker, IDistributedApplicationBuilder builder)
    {
        worker.WithEnvironment("Payments__Provider", "stripe")
            .WithEnvironment("Payments__Stripe__ApiKey", builder.AddParameter("stripe-api-key", secret: true))

            // A charge takes Stripe longer than the defaults allow.
            .WithEnvironment("Payments__AttemptTimeout", "00:00:10")
            .WithEnvironment("Payments__TotalTimeout", "00:00:25");
        if (builder.ExecutionContext.IsRunMode)
        {
            worker.WithEnvironment(
                "Payments__Stripe__PaymentMethod", builder.Configuration["Payments:Stripe:PaymentMethod"] ?? "pm_card_visa");
        }
    }
}
