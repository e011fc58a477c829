using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private static readonly Dictionary<string, string> Switches = new(StringComparer.Ordinal)
    {
        ["--operation"] = "AppHost:Operation",
        ["--publisher"] = "Publishing:Publisher",
        ["--output-path"] = "Publishing:OutputPath",
    };

    private readonly HostApplicationBuilder _host;
    private readonly DistributedApplicationExecutionContextOptions _contextOptions;
    private bool _built;

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        var settings = new HostApplicationBuilderSettings { Args = options.Args, Configuration = new ConfigurationManager() };
        BuildInterception.Current?.Configuring(options, settings);

        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : Assembly.GetEntryAssembly();
        Project = new AppHostProject(AppHostAssembly);
        AppHostDirectory = options.ProjectDirectory ?? Project.Directory;
        settings.ContentRootPath ??= AppHostDirectory;
        settings.ApplicationName ??= AppHostAssembly?.GetName().Name;
        _host = new HostApplicationBuilder(settings);
        _host.Configuration.AddCommandLine(options.Args ?? [], Switches);

        _contextOptions = new DistributedApplicationExecutionContextOptions(OperationOf(Configuration), Configuration["Publishing:Publisher"] ?? "manifest");
        ExecutionContext = new DistributedApplicationExecutionContext(_contextOptions);
        Configuration["AppHost:Directory"] = AppHostDirectory;
        Configuration["AppHost:Sha256"] = Project.Hash(ExecutionContext.IsPublishMode);
        AppHostServices.Add(this, options);
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public IDistributedApplicationEventing Eventing { get; } = new DistributedApplicationEventing();

    public DistributedApplicationExecutionContext ExecutionContext { get; }

    public IResourceCollection Resources { get; } = new ResourceCollection();

    internal AppHostProject Project { get; }

    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource
    {
        if (Resources.FirstOrDefault(r => string.Equals(r.Name, resource.Name, StringComparison.OrdinalIgnoreCase)) is { } existing)
            throw new DistributedApplicationException($"Cannot add resource of type '{resource.GetType()}' with name '{resource.Name}' because resource of type '{existing.GetType()}' with that name already exists.");
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        if (_built)
            throw new InvalidOperationException("Build can only be called once.");
        _built = true;
        var interception = BuildInterception.Current;
        interception?.Building(this);
        var host = _host.Build();
        _contextOptions.ServiceProvider = host.Services;
        var application = new DistributedApplication(host);
        interception?.Built(application);
        return application;
    }

    private static DistributedApplicationOperation OperationOf(ConfigurationManager configuration)
    {
        var publisher = configuration["Publishing:Publisher"];
        var isPublish = publisher is not null || string.Equals(configuration["AppHost:Operation"], "publish", StringComparison.OrdinalIgnoreCase);
        if (publisher is not null and not "manifest")
            throw new NotSupportedException($"The publisher '{publisher}' is not supported; only 'manifest' is.");
        return isPublish ? DistributedApplicationOperation.Publish : DistributedApplicationOperation.Run;
    }
}
