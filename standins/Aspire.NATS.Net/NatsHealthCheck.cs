using Microsoft.Extensions.Diagnostics.HealthChecks;
using NATS.Client.Core;

namespace Aspire.NATS.Net;

/// <summary>Reports the state of the connection, and opens a connection that was not used yet.</summary>
internal sealed class NatsHealthCheck(Func<INatsConnection> connection) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var nats = connection();
            return nats.ConnectionState switch
            {
                NatsConnectionState.Open => HealthCheckResult.Healthy(),
                NatsConnectionState.Connecting or NatsConnectionState.Reconnecting =>
                    HealthCheckResult.Degraded("The NATS connection is not open yet."),
                NatsConnectionState.Closed => await ConnectAsync(nats).ConfigureAwait(false),
                _ => new HealthCheckResult(context.Registration.FailureStatus, "The NATS connection has failed."),
            };
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Message, exception);
        }
    }

    private static async Task<HealthCheckResult> ConnectAsync(INatsConnection nats)
    {
        await nats.ConnectAsync().ConfigureAwait(false);
        return HealthCheckResult.Healthy();
    }
}
