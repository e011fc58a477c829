namespace OrderSystem.PaymentGateway.Answers;

/// <summary>The errors that both APIs have, in the words of one of them.</summary>
/// <param name="KeyMissing">A call that changes something has no idempotency key.</param>
/// <param name="KeyInUse">Another call holds the key.</param>
/// <param name="KeyReused">The key belongs to another request.</param>
/// <param name="RateLimited">Too many requests.</param>
/// <param name="Outage">Out of service.</param>
/// <param name="ServerError">The provider failed.</param>
/// <param name="ReplayedHeader">The header that marks a replayed response.</param>
internal sealed record ErrorBodies(
    IResult KeyMissing, IResult KeyInUse, IResult KeyReused, IResult RateLimited, IResult Outage, IResult ServerError,
    string ReplayedHeader)
{
    /// <summary>Whether an error that followed the effect is the response to every later request with the key.</summary>
    public bool RepeatsErrors { get; init; }
}
