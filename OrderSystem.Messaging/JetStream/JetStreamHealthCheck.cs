using Microsoft.Extensions.Diagnostics.HealthChecks;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Asks JetStream itself for the consumer that the service lives on: an open socket says nothing about the streams behind it.</summary>
internal sealed class JetStreamHealthCheck(INatsJSContext jetStream, ConsumerDeclaration consumer) : IHealthCheck
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
            var found = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, deadline.Token);
            return HealthCheckResult.Healthy($"{consumer.Name} has {found.Info.NumPending} messages pending");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"JetStream did not answer within {Timeout.TotalSeconds:0} s");
        }
        catch (NatsException failure)
        {
            return HealthCheckResult.Unhealthy($"{consumer.Name}: {failure.Message}");
        }
    }
}
