using Microsoft.Extensions.Options;
using Stripe;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// Stripe by its own client, which encodes the requests and pins the version of the API. Our pipeline sends them: the client retries
/// nothing and reports no telemetry. <see cref="StripeAnswer"/> interprets the responses.
/// </summary>
internal sealed class StripeProvider(ProviderPipeline pipeline, IOptions<GatewayOptions> options) : IPaymentProvider
{
    /// <summary>The longest list. More refunds of one charge than fit into the longest body have to be looked up by a person.</summary>
    private const int MaxRefunds = 100;

    /// <summary>An order has one charge. A list with more to come than these is no answer; so many fit into the longest body.</summary>
    private const int MaxCharges = 10;

    /// <summary>
    /// Creates and confirms a payment intent in one call, so that the key covers both. It never waits for the customer, who is gone once
    /// the order is placed.
    /// </summary>
    public Task<ChargeOutcome> ChargeAsync(
        Guid orderId, decimal amount, string currency, string? paymentMethod, Guid key, CancellationToken cancellationToken)
    {
        if ((paymentMethod ?? options.Value.Stripe.PaymentMethod) is not { Length: > 0 } method)
            return Refused("the order has no payment method; with a test key set Payments__Stripe__PaymentMethod to one for such orders");
        if (!StripeAmount.TryToMinorUnits(amount, currency, out var units))
            return Refused($"Stripe cannot express this amount of {currency}; place the order with an amount that it can");
        return SendAsync(ProviderCall.Charge, client => new PaymentIntentService(client).CreateAsync(
            new()
            {
                Amount = units,
                Currency = currency.ToLowerInvariant(),
                PaymentMethod = method,
                Confirm = true,
                ErrorOnRequiresAction = true,
                AutomaticPaymentMethods = new() { Enabled = true, AllowRedirects = "never" },
                Metadata = new(StringComparer.Ordinal) { ["order_id"] = orderId.ToString() },
                TransferGroup = orderId.ToString(),
            },
            Under(key),
            cancellationToken));
    }

    /// <summary>
    /// Lists the charges of the order's transfer group. A search by metadata would lag behind by a minute or, in an outage, an hour, and a
    /// list by time would have to read every payment of that time. A list is up to date, and this one has at most the charges of the order.
    /// </summary>
    public Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        SendAsync(ProviderCall.LookUp, client => new ChargeService(client).ListAsync(
            new() { TransferGroup = orderId.ToString(), Limit = MaxCharges }, cancellationToken: cancellationToken));

    public Task<ChargeOutcome> RefundAsync(
        string chargeId, decimal amount, string currency, Guid? reference, Guid key, CancellationToken cancellationToken)
    {
        if (!StripeAmount.TryToMinorUnits(amount, currency, out var units))
            return Task.FromResult(ChargeOutcome.Declined(reference: null, $"Stripe cannot express this amount of {currency}"));
        var refund = new RefundCreateOptions { Charge = chargeId, Amount = units };

        // Not set to null: that would be sent as an empty parameter, and a key keeps its parameters.
        if (reference is { } id)
            refund.Metadata = new(StringComparer.Ordinal) { [StripeAnswer.RefundId] = id.ToString() };
        return SendAsync(
            ProviderCall.Refund, client => new RefundService(client).CreateAsync(refund, Under(key), cancellationToken));
    }

    public Task<ChargeOutcome> FindRefundAsync(string chargeId, Guid reference, CancellationToken cancellationToken) => SendAsync(
        ProviderCall.LookUp,
        client => new RefundService(client).ListAsync(
            new() { Charge = chargeId, Limit = MaxRefunds }, cancellationToken: cancellationToken),
        reference);

    private Task<ChargeOutcome> SendAsync(string kind, Func<StripeClient, Task> call, Guid? refund = null) =>
        pipeline.SendAsync(
            kind,
            (kind, response) => StripeAnswer.Classify(kind, response, refund),
            http => call(new StripeClient(new StripeClientOptions
            {
                // Each attempt replaces the key by the current one, which may have been rotated.
                ApiKey = options.Value.Stripe.ApiKey,
                ApiBase = options.Value.Stripe.Url.OriginalString.TrimEnd('/'),
                HttpClient = new SystemNetHttpClient(http, maxNetworkRetries: 0, appInfo: null, enableTelemetry: false),
            })));

    private static RequestOptions Under(Guid key) => new() { IdempotencyKey = key.ToString() };

    private static Task<ChargeOutcome> Refused(string reason) => Task.FromResult(ChargeOutcome.Refused(reason));
}
