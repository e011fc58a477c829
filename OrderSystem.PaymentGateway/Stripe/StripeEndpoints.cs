using OrderSystem.PaymentGateway.Faults;

namespace OrderSystem.PaymentGateway.Stripe;

/// <summary>The part of Stripe's API that the payment worker uses, over the same ledger and the same faults as the HTTP contract.</summary>
internal static class StripeEndpoints
{
    public static void MapStripe(this IEndpointRouteBuilder routes)
    {
        var stripe = routes.MapGroup("/v1").AddEndpointFilter<StripeKeyFilter>();
        ProviderFaultFilter.AddTo(stripe, StripeErrors.Errors);
        stripe.MapPost("/payment_intents", StripeIntents.CreateAsync).DisableAntiforgery();
        stripe.MapGet("/charges", StripeIntents.ListCharges);
        stripe.MapPost("/refunds", StripeRefunds.CreateAsync).DisableAntiforgery();
        stripe.MapGet("/refunds", StripeRefunds.List);
    }
}
