using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Hands a test the builder of an application; an entry point, if there is one, waits at its call of Build meanwhile.</summary>
internal sealed class TestingBuilder(IDistributedApplicationBuilder inner, Func<CancellationToken, Task<DistributedApplication>> build, EntryPointRun? run)
    : IDistributedApplicationTestingBuilder
{
    private DistributedApplication? _application;

    public ConfigurationManager Configuration => inner.Configuration;

    public string AppHostDirectory => inner.AppHostDirectory;

    public Assembly? AppHostAssembly => inner.AppHostAssembly;

    public IHostEnvironment Environment => inner.Environment;

    public IServiceCollection Services => inner.Services;

    public IDistributedApplicationEventing Eventing => inner.Eventing;

    public DistributedApplicationExecutionContext ExecutionContext => inner.ExecutionContext;

    public IResourceCollection Resources => inner.Resources;

    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args,
        Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken)
    {
        var run = new EntryPointRun(entryPoint, args, configureBuilder);
        return new TestingBuilder(await run.WaitForBuilderAsync(cancellationToken), run.BuildAsync, run);
    }

    public static TestingBuilder Create(string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder)
    {
        var options = new DistributedApplicationOptions { Args = args };
        var builder = EntryPointRun.WithInterception(
            new BuildInterception
            {
                Configuring = (o, settings) => EntryPointRun.Configure(o, settings, configureBuilder),
                Building = _ => { },
                Built = _ => { },
            },
            () => DistributedApplication.CreateBuilder(options));
        return new TestingBuilder(builder, _ => Task.FromResult(builder.Build()), run: null);
    }

    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource => inner.AddResource(resource);

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource => inner.CreateResourceBuilder(resource);

    public DistributedApplication Build() => throw new NotSupportedException("IDistributedApplicationTestingBuilder.Build is not supported; use BuildAsync.");

    public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default) => _application = await build(cancellationToken);

    public void Dispose()
    {
        _application?.Dispose();
        run?.Abandon();
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
            await _application.DisposeAsync();
        run?.Abandon();
    }
}
