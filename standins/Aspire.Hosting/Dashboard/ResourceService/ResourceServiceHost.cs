using Aspire.Hosting.Dashboard.Grpc;
using Aspire.Hosting.Running;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Aspire.Hosting.Dashboard.ResourceService;

/// <summary>Serves the resources of the application to the dashboard: gRPC over HTTP/2, on loopback only, to whoever has the key.</summary>
internal sealed class ResourceServiceHost(DashboardSettings settings, ResourceServiceMethods methods, ILoggerFactory loggers) : IAsyncDisposable
{
    private const string KeyHeader = "x-resource-service-api-key";

    /// <summary>How long calls may take to notice that they are over.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private KestrelServer? _server;

    /// <summary>Where it listens, once it does.</summary>
    public Uri? Address { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var url = AddressOf(settings.ResourceServiceUrl);
        var options = new KestrelServerOptions { AddServerHeader = false };

        // Its calls stay open for as long as somebody looks, mostly silent.
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        if (url is not null)
            options.ListenLocalhost(url.Port, listen => listen.Protocols = HttpProtocols.Http2);
        else
            options.Listen(System.Net.IPAddress.Loopback, port: 0, listen => listen.Protocols = HttpProtocols.Http2);

        _server = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), loggers);
        var application = new GrpcApplication(KeyHeader, settings.ResourceServiceApiKey, methods.ByPath, loggers.CreateLogger<ResourceServiceHost>(), _stopping.Token);
        await _server.StartAsync(application, cancellationToken);
        var port = new Uri(_server.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        Address = url ?? new Uri($"http://127.0.0.1:{port}");
    }

    public async Task StopAsync()
    {
        if (_server is null)
            return;
        await _stopping.CancelAsync();
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        await _server.StopAsync(patience.Token);
        _server.Dispose();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private static Uri? AddressOf(string? setting)
    {
        if (string.IsNullOrEmpty(setting))
            return null;
        if (!Uri.TryCreate(setting, UriKind.Absolute, out var url) || url is not { IsLoopback: true, Scheme: "http" })
            throw new DistributedApplicationException($"ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL is '{setting}'; it has to be an http address of this machine, such as http://localhost:18890.");
        FreePorts.Check(url);
        return url;
    }
}
