using Aspire.Hosting;
using Aspire.Hosting.Testing;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>An application that serves its resources to a dashboard, and no dashboard but the test.</summary>
internal sealed class ResourceServiceApp : IAsyncDisposable
{
    internal const string Key = "the-key";
    private readonly IDistributedApplicationTestingBuilder _builder;

    private ResourceServiceApp(IDistributedApplicationTestingBuilder builder, DistributedApplication app, int port) => (_builder, App, Port, Calls) = (builder, app, port, new(port, Key));

    internal DistributedApplication App { get; }

    internal int Port { get; }

    internal GrpcCalls Calls { get; }

    internal static async Task<ResourceServiceApp> StartAsync(Action<IDistributedApplicationBuilder> declare)
    {
        var port = Ports.Free();
        var builder = NewBuilder($"http://localhost:{port}");
        declare(builder);
        return new ResourceServiceApp(builder, await builder.StartAsync(), port);
    }

    internal static IDistributedApplicationTestingBuilder NewBuilder(string url) => DistributedApplicationTestingBuilder.Create(
        ["--DcpPublisher:DashboardPath", "/none", "--ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", url, "--AppHost:ResourceService:ApiKey", Key],
        (options, _) => (options.AssemblyName, options.DisableDashboard, options.AllowUnsecuredTransport, options.DashboardApplicationName) = ("Sample.AppHost", false, true, "Sample"));

    public async ValueTask DisposeAsync()
    {
        Calls.Dispose();
        await App.DisposeAsync();
        await _builder.DisposeAsync();
    }
}
