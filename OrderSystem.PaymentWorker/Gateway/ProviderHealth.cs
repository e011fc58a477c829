using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What the circuit breaker knows about the provider, for those who would rather wait than be refused.</summary>
internal sealed class ProviderHealth(PullGate gate)
{
    internal const string Dependency = "the payment provider";

    /// <summary>How many calls may be made now: while it is down none, and one once the break is over, whose outcome then decides.</summary>
    internal int Allow(int wanted) => !gate.IsClosed ? wanted : gate.IsBreakOver ? 1 : 0;

    internal void Opened(TimeSpan breakDuration) => gate.Close(Dependency, breakDuration);

    internal void Closed() => gate.Open(Dependency);
}
