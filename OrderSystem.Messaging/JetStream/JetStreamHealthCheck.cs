using Microsoft.Extensions.Diagnostics.HealthChecks;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Healthy while all declared streams and consumers exist as declared, and publishes are acknowledged. An open connection tells nothing
/// about the streams behind it, and a stream whose disk is full answers every question.
/// </summary>
internal sealed class JetStreamHealthCheck(INatsJSContext jetStream, JetStreamMonitor monitor, EventPublisher publisher) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (jetStream.Connection.ConnectionState is not NatsConnectionState.Open and var state)
            return HealthCheckResult.Unhealthy($"the connection to NATS is {state}");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        try
        {
            var differences = (await monitor.PollAsync(deadline.Token)).Differences;
            if (publisher.LastFailure is { } refused)
                return HealthCheckResult.Unhealthy($"the last event was not taken into its stream: {refused}");
            return differences.Count == 0
                ? HealthCheckResult.Healthy("every stream and consumer is as declared")
                : HealthCheckResult.Unhealthy(string.Join(". ", differences));
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
