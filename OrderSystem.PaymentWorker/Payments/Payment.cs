namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment that this worker holds the lease of.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment.</param>
/// <param name="Amount">What the order costs.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ProviderKey">Under which it is charged, on every attempt.</param>
/// <param name="Attempts">How often a worker has begun to charge it, this time included.</param>
/// <param name="FirstAttemptAt">When the key was new.</param>
internal sealed record Payment(Guid OrderId, Guid PaymentId, decimal Amount, string Currency, Guid ProviderKey, int Attempts, DateTimeOffset FirstAttemptAt);
