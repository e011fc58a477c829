using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What the circuit breaker and the last call know about the provider, for those who would rather wait than be refused.</summary>
internal sealed class ProviderHealth(PullGate gate)
{
    internal const string Dependency = "the payment provider";

    /// <summary>The failures that tell of a provider in trouble, by the names that metrics and alerts give them.</summary>
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

    /// <summary>How often it was down and came back.</summary>
    internal int Recoveries => Volatile.Read(ref recoveries);

    /// <summary>Why the last call brought no outcome; <see cref="ProviderFailure.None"/> when it brought one.</summary>
    internal ProviderFailure LastFailure => last;

    /// <summary>How many calls may be made now: while it is down none, and one once the break is over, whose outcome then decides.</summary>
    internal int Allow(int wanted) => !gate.IsSuspended ? wanted : gate.MayProbe ? 1 : 0;

    internal void Opened(TimeSpan breakDuration) => gate.Suspend(Dependency, breakDuration);

    internal void Closed()
    {
        Interlocked.Increment(ref recoveries);
        gate.Resume(Dependency);
    }

    internal void Answered(ProviderFailure failure) => last = failure;
}
