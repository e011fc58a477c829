using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>The worker's provider client with its resilience pipeline, without the rest of the worker.</summary>
internal sealed class WorkerClient : IDisposable
{
    private readonly IHost host;

    /// <param name="provider">The address of the provider.</param>
    /// <param name="settings">In addition to a single retry, and timeouts that a loaded machine keeps.</param>
    internal WorkerClient(Uri provider, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Payments:GatewayUrl"] = provider.OriginalString,
            ["Payments:AttemptTimeout"] = "00:00:10",
            ["Payments:TotalTimeout"] = "00:00:30",
            ["Payments:Retries"] = "1",
            ["Payments:RetryDelay"] = "00:00:00.01",
        });
        foreach (var (name, value) in settings)
            builder.Configuration[name] = value;
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<PullGate>();
        builder.Services.AddSingleton<PaymentMetrics>();
        builder.AddPaymentGateway();
        host = builder.Build();
    }

    /// <summary>A client of Stripe, with a key and a payment method for tests.</summary>
    internal static WorkerClient OfStripe(Uri provider, params (string Name, string Value)[] settings) => new(
        provider,
        [
            ("Payments:Provider", "stripe"), ("Payments:Stripe:Url", provider.OriginalString), ("Payments:Stripe:ApiKey", "sk_test_1"),
            ("Payments:Stripe:PaymentMethod", "pm_card_visa"), .. settings,
        ]);

    /// <summary>The settings for a provider that is to miss the timeout.</summary>
    internal static (string Name, string Value)[] ShortTimeoutFor(ProviderFailure expected) =>
        expected == ProviderFailure.Timeout ? [("Payments:AttemptTimeout", "00:00:00.5")] : [];

    internal ProviderHealth Health => host.Services.GetRequiredService<ProviderHealth>();

    internal IPaymentProvider Client => host.Services.GetRequiredService<IPaymentProvider>();

    internal Task<ChargeOutcome> ChargeAsync() =>
        Client.ChargeAsync(Guid.NewGuid(), 19.99m, "EUR", paymentMethod: null, Guid.NewGuid(), CancellationToken.None);

    internal Task<ChargeOutcome> RefundAsync() => RefundAsync(reference: null);

    internal Task<ChargeOutcome> RefundAsync(Guid? reference) =>
        Client.RefundAsync("ch_1", 19.99m, "EUR", reference, Guid.NewGuid(), CancellationToken.None);

    internal Task<ChargeOutcome> FindRefundAsync(Guid reference) =>
        Client.FindRefundAsync("ch_1", reference, CancellationToken.None);

    internal Task<ChargeOutcome> FindAsync() => Client.FindAsync(Guid.NewGuid(), CancellationToken.None);

    public void Dispose() => host.Dispose();
}
