namespace OrderSystem.AppHost.Infrastructure;

internal static class ServiceHealth
{
    /// <summary>Adds the health, readiness and liveness endpoints of a service.</summary>
    internal static IResourceBuilder<ProjectResource> WithServiceHealth(this IResourceBuilder<ProjectResource> service) => service
        .WithHttpHealthCheck("/health")
        .WithHttpProbe(ProbeType.Readiness, "/ready")
        .WithHttpProbe(ProbeType.Liveness, "/alive");
}
