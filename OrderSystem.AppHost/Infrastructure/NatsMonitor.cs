namespace OrderSystem.AppHost.Infrastructure;

/// <summary>The pages about streams, consumers and connections that a NATS server shows by itself, and its word that JetStream works.</summary>
internal static class NatsMonitor
{
    internal const string Endpoint = "monitor";
    internal const int Port = 8222;

    /// <summary>Links the pages, takes the server's health from them, and gives it an icon.</summary>
    internal static IResourceBuilder<T> WithNatsMonitor<T>(this IResourceBuilder<T> server)
        where T : IResourceWithEndpoints => server
        .WithHttpHealthCheck("/healthz", endpointName: Endpoint)
        .WithUrlForEndpoint(Endpoint, url => url.DisplayText = "NATS monitor")
        .WithIconName("Stream");
}
