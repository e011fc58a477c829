namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment whose lease this worker holds.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment.</param>
/// <param name="Amount">Total of the order; null when only its cancellation is known here.</param>
/// <param name="Currency">ISO 4217 code; null with the amount.</param>
/// <param name="ProviderKey">Idempotency key of every attempt.</param>
/// <param name="Attempts">Attempts that may have charged, the current one included.</param>
/// <param name="FirstAttemptAt">First use of the key.</param>
internal sealed record Payment(
    Guid OrderId, Guid PaymentId, decimal? Amount, string? Currency, Guid ProviderKey, int Attempts, DateTimeOffset FirstAttemptAt)
{
    /// <summary>The provider was called for it before: this attempt is a retry.</summary>
    internal bool WasCalled { get => field || Attempts > 1; init; }

    /// <summary>A restore may have lost an earlier state of the payment.</summary>
    internal bool IsInDoubt { get; init; }

    internal bool IsCancelled { get; init; }

    /// <summary>How long the provider has been processing it; null when it does not.</summary>
    internal TimeSpan? ProcessingFor { get; init; }

    /// <summary>Whether the order has a payment method of its own: then it is charged with no other.</summary>
    internal bool HasMethod { get; init; }

    /// <summary>The order's own payment method; null without one, or when the order API has not answered yet.</summary>
    internal string? Method { get; init; }
}
