using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Webhooks;

/// <summary>A report about a charge, a refund or a dispute. Its id is the same in each delivery.</summary>
/// <param name="Api">The API that it belongs to, <c>http</c> or <c>stripe</c>.</param>
/// <param name="Id">Id of the event.</param>
/// <param name="Body">JSON in UTF-8.</param>
internal sealed record Webhook(string Api, string Id, byte[] Body)
{
    public const string Http = "http";
    public const string Stripe = LedgerLine.StripeApi;
}
