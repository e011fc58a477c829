using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>Registers the inbox of webhooks.</summary>
internal static class WebhooksSetup
{
    /// <summary>The limit of concurrent deliveries, which share one commit: more would only wait. A provider repeats a 429.</summary>
    internal const string Limit = "webhooks";

    private const int Concurrent = 64;
    private const int Queued = 192;

    internal static readonly string Settled =
        AgedRows.Sql("webhook_events", "received_at", "state IN ('applied', 'ignored')");

    internal static void AddWebhooks(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddRateLimiter(limiter => limiter.AddConcurrencyLimiter(Limit, options =>
        {
            options.PermitLimit = Concurrent;
            options.QueueLimit = Queued;
        }));
        services.AddSingleton<IWebhookFormat>(provider =>
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value is var options && options.IsStripe
                ? new StripeWebhooks(options.ProviderName)
                : new StandardWebhooks(options.ProviderName));
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<WebhookMetrics>();
        services.AddSingleton<WebhookEndpoint>();
        services.AddSingleton<DueWebhooks>();
        services.AddSingleton<ApplyWebhooks>();
        services.AddHostedService(provider => provider.GetRequiredService<ApplyWebhooks>());
        services.AddHostedService<WebhookGauges>();
        services.AddSingleton(new AgedTable(Settled));
    }

    internal static void MapWebhooks(this IEndpointRouteBuilder app) => WebhookEndpoint.Map(app);
}
