using System.Security.Cryptography;

namespace OrderSystem.AppHost.Access;

/// <summary>The webhooks of the simulated provider, signed with a secret that only it and the worker know.</summary>
internal static class ProviderWebhooks
{
    internal static IResourceBuilder<ProjectResource> WithWebhooksTo(
        this IResourceBuilder<ProjectResource> gateway, IResourceBuilder<ProjectResource> worker)
    {
        // A new one with each start: both get it at once.
        var secret = gateway.ApplicationBuilder
            .AddParameter("webhook-secret", $"whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}", secret: true)
            .WithHidden();
        worker.WithEnvironment("Payments__WebhookSecret", secret).WithEnvironment("Payments__Stripe__WebhookSecret", secret);
        return gateway.WithEnvironment("Webhooks__Secret", secret)
            .WithEnvironment("Webhooks__Url", ReferenceExpression.Create($"{worker.GetEndpoint("http")}/webhooks"));
    }
}
