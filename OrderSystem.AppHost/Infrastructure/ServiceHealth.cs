namespace OrderSystem.AppHost.Infrastructure;

internal static class ServiceHealth
{
    /// <summary>Shows each of the answers that a service gives about itself: does all of it work, may traffic come, is the process alive.</summary>
    internal static IResourceBuilder<ProjectResource> WithServiceHealth(this IResourceBuilder<ProjectResource> service) => service
        .WithHttpHealthCheck("/health")
        .WithHttpProbe(ProbeType.Readiness, "/ready")
        .WithHttpProbe(ProbeType.Liveness, "/alive");
}
