using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What the circuit breaker knows about the provider, for those who would rather wait than be refused.</summary>
internal sealed class ProviderHealth(PullGate gate)
{
    internal bool IsDown => gate.IsClosed;

    internal void Opened(TimeSpan breakDuration) => gate.Close(breakDuration);

    internal void Closed() => gate.Open();
}
