using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Publishing;
using Aspire.Hosting.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>An application that is made of several resources.</summary>
public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Wraps a host.</summary>
    public DistributedApplication(IHost host) => _host = host;

    /// <summary>The services of the AppHost.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>The states of the resources.</summary>
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    /// <summary>The commands of the resources.</summary>
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    /// <summary>Starts to declare an application.</summary>
    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    /// <summary>Starts to declare an application, with the command line of the AppHost.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => CreateBuilder(new DistributedApplicationOptions { Args = args });

    /// <summary>Starts to declare an application.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) => new DistributedApplicationBuilder(options);

    /// <inheritdoc />
    public void Dispose()
    {
        _host.Dispose();
        _ended.TrySetResult();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_host).DisposeAsync();
        _ended.TrySetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the application; its resources go on starting after that.</summary>
    /// <exception cref="DistributedApplicationException">It cannot run as it is declared or configured.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await Services.GetRequiredService<IDistributedApplicationEventing>()
            .PublishAsync(new BeforeStartEvent(Services, Services.GetRequiredService<DistributedApplicationModel>()), cancellationToken);
        await _host.StartAsync(cancellationToken);
        await Services.GetRequiredService<Orchestrator>().StartApplicationAsync(cancellationToken);
    }

    /// <summary>Stops all resources, those first that others do not depend on.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _host.StopAsync(cancellationToken);
        _ended.TrySetResult();
    }

    /// <summary>Runs the application until it is stopped; a mistake in its configuration is thrown, and unless it is caught it ends the AppHost with one line and exit code 1.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        // Under a test host the test starts the application; the entry point only waits for its end.
        if (BuildInterception.Current is not null)
        {
            await _ended.Task.WaitAsync(cancellationToken);
            return;
        }

        try
        {
            if (Services.GetRequiredService<DistributedApplicationExecutionContext>().IsPublishMode)
                await Services.GetRequiredService<ManifestPublisher>().PublishAsync(cancellationToken);
            else
            {
                await StartAsync(cancellationToken);
                await _host.WaitForShutdownAsync(cancellationToken);
            }
        }
        catch (DistributedApplicationException e)
        {
            OneLineFailure.Expect(e);
            throw;
        }
        finally
        {
            await DisposeAsync();
        }
    }

    /// <summary>Runs the application until it is stopped.</summary>
    public void Run()
    {
#pragma warning disable RS0030, MA0045, CA1849 // The official method is synchronous: it is the last line of an AppHost.
        RunAsync().GetAwaiter().GetResult();
#pragma warning restore RS0030, MA0045, CA1849
    }
}
