using Microsoft.Extensions.Diagnostics.HealthChecks;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Asks JetStream itself whether all that is declared is there, and as declared, and the relay whether its events are taken: an open socket says nothing about
/// the streams behind it, and a stream with a full disk below it looks as always.
/// </summary>
internal sealed class JetStreamHealthCheck(INatsJSContext jetStream, TopologyProvisioner topology, EventPublisher publisher) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // A client that is about to reconnect is no client: what depends on it does not work.
        if (jetStream.Connection.ConnectionState is not NatsConnectionState.Open and var state)
            return HealthCheckResult.Unhealthy($"the connection to NATS is {state}");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        try
        {
            var findings = await topology.CompareAsync(deadline.Token);
            if (publisher.LastFailure is { } refused)
                return HealthCheckResult.Unhealthy($"the last event was not taken into its stream: {refused}");
            return findings.Count == 0 ? HealthCheckResult.Healthy("every stream and consumer is as declared") : HealthCheckResult.Unhealthy(string.Join(". ", findings));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"JetStream did not answer within {Timeout.TotalSeconds:0} s");
        }
        catch (NatsException failure)
        {
            return HealthCheckResult.Unhealthy(failure.Message);
        }
    }
}
