using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>The real AppHost with data of its own, inside a test.</summary>
internal sealed class DashboardApp : IAsyncDisposable
{
    private const string BrowserToken = "a-token-of-the-test";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly DirectoryInfo _data;
    private readonly IAsyncDisposable _builder;

    private DashboardApp(DirectoryInfo data, IAsyncDisposable builder, DistributedApplication app, string? dashboard) =>
        (_data, _builder, App, Dashboard) = (data, builder, app, dashboard);

    internal DistributedApplication App { get; }

    /// <summary>The address of the dashboard, if there is one.</summary>
    internal string? Dashboard { get; }

    /// <summary>Where somebody logs in to it.</summary>
    internal string Login => $"{Dashboard}/login?t={BrowserToken}";

    /// <summary>The folder of the local servers.</summary>
    internal string Data => _data.FullName;

    /// <summary>Starts it without the dashboard, and waits until all of it is healthy.</summary>
    internal static Task<DashboardApp> StartAsync() => StartAsync(dashboard: null);

    /// <summary>Starts it with the real dashboard beside it, and waits until all of it is healthy.</summary>
    internal static Task<DashboardApp> StartWithDashboardAsync() => StartAsync(FreeAddress());

    private static async Task<DashboardApp> StartAsync(string? dashboard)
    {
        var data = Directory.CreateTempSubdirectory("ordersystem-dashboard-");
        Tokens.Share(data);
        string[] settings = dashboard is null ? [] :
        [
            $"--ASPNETCORE_URLS={dashboard}", $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={FreeAddress()}", $"--ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL={FreeAddress()}",
            $"--AppHost:BrowserToken={BrowserToken}",
        ];
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.OrderSystem_AppHost>(
            ["--Infrastructure=local", $"--Infrastructure:Data={data.FullName}", .. settings],
            (options, _) => (options.DisableDashboard, options.AllowUnsecuredTransport) = (dashboard is null, true));
        var app = new DashboardApp(data, builder, await builder.BuildAsync(), dashboard);
        try
        {
            await app.App.StartAsync();
            foreach (var resource in new[] { "order-api", "payment-worker", "payment-gateway" })
                await app.App.ResourceNotifications.WaitForResourceHealthyAsync(resource).WaitAsync(Patience, TimeProvider.System);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    internal Task<ExecuteCommandResult> RunAsync(string resource, string command, params (string Name, string Value)[] arguments) =>
        App.ResourceCommands.ExecuteCommandAsync(
            resource, command, new InteractionInputCollection([.. arguments.Select(a => new InteractionInput { Name = a.Name, InputType = InputType.Text, Value = a.Value })]));

    internal Client NewClient() => new(App.GetEndpoint("order-api"));

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _builder.DisposeAsync();
        _data.Delete(recursive: true);
    }

    private static string FreeAddress() => $"http://localhost:{Ports.Free()}";
}
