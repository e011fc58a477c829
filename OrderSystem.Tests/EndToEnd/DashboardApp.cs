using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>The real AppHost with its own data folder, inside a test.</summary>
internal sealed class DashboardApp : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private readonly DirectoryInfo data;
    private readonly IAsyncDisposable builder;

    private DashboardApp(DirectoryInfo data, IAsyncDisposable builder, DistributedApplication app) =>
        (this.data, this.builder, App) = (data, builder, app);

    internal DistributedApplication App { get; }

    /// <summary>The folder of the local servers.</summary>
    internal string Data => data.FullName;

    /// <summary>Starts it without the dashboard, and waits until all of it is healthy.</summary>
    internal static Task<DashboardApp> StartAsync() => StartAsync(withDashboard: false);

    /// <summary>Starts it with the real dashboard beside it, and waits until all of it is healthy.</summary>
    internal static Task<DashboardApp> StartWithDashboardAsync() => StartAsync(withDashboard: true);

    private static async Task<DashboardApp> StartAsync(bool withDashboard)
    {
        var data = Directory.CreateTempSubdirectory("ordersystem-dashboard-");
        Tokens.Share(data);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.OrderSystem_AppHost>(
            new DistributedApplicationTestingBuilderOptions { EnableDashboard = withDashboard },
            ["--Infrastructure=local", $"--Infrastructure:Data={data.FullName}"]);

        // The logs of the resources would fill the output of a run without failures.
        builder.Services.AddLogging(logging => logging.AddFilter("OrderSystem.AppHost.Resources", LogLevel.Warning));
        var app = new DashboardApp(data, builder, await builder.BuildAsync());
        try
        {
            await app.App.StartAsync().WaitAsync(Timeout, TimeProvider.System);
            foreach (var resource in new[] { "order-api", "payment-worker", "payment-gateway" })
                await app.App.ResourceNotifications.WaitForResourceHealthyAsync(resource).WaitAsync(Timeout, TimeProvider.System);
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
            resource,
            command,
            new InteractionInputCollection(
                [.. arguments.Select(a => new InteractionInput { Name = a.Name, InputType = InputType.Text, Value = a.Value })]));

    /// <summary>The login address of the dashboard.</summary>
    internal Task<Uri> LoginAsync() => App.GetDashboardUrlAsync().WaitAsync(Timeout, TimeProvider.System);

    internal Client NewClient() => new(App.GetEndpoint("order-api"));

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await builder.DisposeAsync();
        data.Delete(recursive: true);
    }
}
