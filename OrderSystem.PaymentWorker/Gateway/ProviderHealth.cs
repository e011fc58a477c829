using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>The state of the provider by the circuit breaker and the last call, for callers that wait instead of being rejected.</summary>
internal sealed class ProviderHealth(PullGate gate)
{
    internal const string Dependency = "the payment provider";

    /// <summary>The failures that indicate a problem at the provider, by their names in metrics and alerts.</summary>
    internal static IReadOnlyDictionary<ProviderFailure, string> Causes { get; } = new Dictionary<ProviderFailure, string>
    {
        [ProviderFailure.Credentials] = "credentials",
        [ProviderFailure.Route] = "route",
        [ProviderFailure.RateLimit] = "rate_limit",
        [ProviderFailure.Connection] = "connection",
        [ProviderFailure.Proxy] = "proxy",
        [ProviderFailure.Timeout] = "timeout",
        [ProviderFailure.ConnectionLost] = "connection_lost",
        [ProviderFailure.ServerError] = "server_error",
        [ProviderFailure.Contract] = "contract",
    };

    private volatile ProviderFailure last;
    private int recoveries;

    /// <summary>How often the circuit has closed again after it was open.</summary>
    internal int Recoveries => Volatile.Read(ref recoveries);

    /// <summary>Why the last call had no outcome; <see cref="ProviderFailure.None"/> when it had one.</summary>
    internal ProviderFailure LastFailure => last;

    /// <summary>How many calls may be made now: none while the circuit is open, and one probe when it is half-open.</summary>
    internal int Allow(int wanted) => !gate.IsSuspended ? wanted : gate.MayProbe ? 1 : 0;

    internal void Opened(TimeSpan breakDuration) => gate.Suspend(Dependency, breakDuration);

    internal void Closed()
    {
        Interlocked.Increment(ref recoveries);
        gate.Resume(Dependency);
    }

    internal void Answered(ProviderFailure failure) => last = failure;
}
