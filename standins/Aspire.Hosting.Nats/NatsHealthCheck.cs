using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Healthy when the server sends INFO, as it does to every client that connects.</summary>
internal sealed class NatsHealthCheck(EndpointReference endpoint) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!endpoint.IsAllocated)
            return HealthCheckResult.Unhealthy("The endpoint is not allocated yet.");
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(TimeSpan.FromSeconds(5));
            using var client = new TcpClient();
            await client.ConnectAsync(endpoint.Host, endpoint.Port, timeout.Token);
            var greeting = new byte[4];
            await client.GetStream().ReadExactlyAsync(greeting, timeout.Token);
            return greeting.AsSpan().SequenceEqual("INFO"u8)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The process that listens on the endpoint is not a NATS server.");
        }
        catch (Exception e) when (e is SocketException or IOException
            || e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"The server does not respond: {e.Message}");
        }
    }
}
