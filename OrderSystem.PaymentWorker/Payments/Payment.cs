namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment that this worker holds the lease of.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment.</param>
/// <param name="Amount">What the order costs; null where only its cancellation is known here.</param>
/// <param name="Currency">ISO 4217 code; null with the amount.</param>
/// <param name="ProviderKey">Under which it is charged, on every attempt.</param>
/// <param name="Attempts">How often something may have been sent to charge it, this time included.</param>
/// <param name="FirstAttemptAt">When the key was new.</param>
internal sealed record Payment(Guid OrderId, Guid PaymentId, decimal? Amount, string? Currency, Guid ProviderKey, int Attempts, DateTimeOffset FirstAttemptAt)
{
    /// <summary>The provider was called for it before, with or without effect: this time is a repetition.</summary>
    internal bool WasAsked { get => field || Attempts > 1; init; }

    /// <summary>An earlier life of the payment may have been lost with a database.</summary>
    internal bool IsInDoubt { get; init; }

    internal bool IsCancelled { get; init; }
}
