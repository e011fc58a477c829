using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Asks JetStream itself for what the service lives on, its consumer and every stream: an open socket says nothing about the streams behind it.</summary>
internal sealed class JetStreamHealthCheck(INatsJSContext jetStream, ConsumerDeclaration consumer, IOptions<JetStreamOptions> options) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // A client that is about to reconnect is no client: what depends on it does not work.
        if (jetStream.Connection.ConnectionState is not NatsConnectionState.Open and var state)
            return HealthCheckResult.Unhealthy($"the connection to NATS is {state}");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        var asked = consumer.Name;
        try
        {
            var found = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, deadline.Token);
            foreach (var stream in Topology.Streams(options.Value))
                await jetStream.GetStreamAsync(asked = stream.Name!, cancellationToken: deadline.Token);
            return HealthCheckResult.Healthy($"{consumer.Name} has {found.Info.NumPending} messages pending");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"JetStream did not answer within {Timeout.TotalSeconds:0} s");
        }
        catch (NatsException failure)
        {
            return HealthCheckResult.Unhealthy($"{asked}: {failure.Message}");
        }
    }
}
