namespace OrderSystem.AppHost.Infrastructure;

/// <summary>The monitoring endpoint of a NATS server, with its health.</summary>
internal static class NatsMonitor
{
    internal const string Endpoint = "monitor";
    internal const int Port = 8222;

    /// <summary>Adds a link to the endpoint, a health check and an icon.</summary>
    internal static IResourceBuilder<T> WithNatsMonitor<T>(this IResourceBuilder<T> server)
        where T : IResourceWithEndpoints => server
        .WithHttpHealthCheck("/healthz", endpointName: Endpoint)
        .WithUrlForEndpoint(Endpoint, url => url.DisplayText = "NATS monitor")
        .WithIconName("Stream");
}
