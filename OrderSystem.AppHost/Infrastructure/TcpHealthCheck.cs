using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Healthy while the server accepts connections.</summary>
internal sealed class TcpHealthCheck(int port) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (SocketException failure)
        {
            return HealthCheckResult.Unhealthy(failure.Message);
        }
    }
}

internal static class TcpHealthCheckSetup
{
    internal static IResourceBuilder<ExecutableResource> WithTcpHealthCheck(this IResourceBuilder<ExecutableResource> server, int port)
    {
        var key = $"{server.Resource.Name}-tcp";
        server.ApplicationBuilder.Services.AddHealthChecks()
            .Add(new HealthCheckRegistration(key, new TcpHealthCheck(port), HealthStatus.Unhealthy, tags: null));
        return server.WithHealthCheck(key);
    }
}
