using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Runs the entry point of an AppHost on a thread of its own and stops it where it builds its application.</summary>
internal sealed class EntryPointRun
{
    private readonly TaskCompletionSource<IDistributedApplicationBuilder> _builder = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _application = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _mayBuild = new();
    private volatile bool _abandoned;

    public EntryPointRun(Type entryPoint, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder)
    {
        var assembly = entryPoint.Assembly;
        var main = assembly.EntryPoint ?? throw new InvalidOperationException($"Assembly '{assembly.FullName}' does not have an entry point.");
        var interception = new BuildInterception
        {
            Configuring = (options, settings) =>
            {
                options.AssemblyName ??= assembly.GetName().Name;
                Configure(options, settings, configureBuilder);
            },
            Building = Building,
            Built = application => _application.TrySetResult(application),
        };
        new Thread(() => WithInterception(interception, () => Run(main, args))) { IsBackground = true, Name = $"{assembly.GetName().Name} entry point" }.Start();
    }

    public static T WithInterception<T>(BuildInterception interception, Func<T> action)
    {
        BuildInterception.Current = interception;
        try
        {
            return action();
        }
        finally
        {
            BuildInterception.Current = null;
        }
    }

    public static void Configure(DistributedApplicationOptions options, HostApplicationBuilderSettings settings,
        Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder)
    {
        options.DisableDashboard = true;
        settings.EnvironmentName = Environments.Development;
        settings.Configuration ??= new();
        settings.Configuration.AddInMemoryCollection([new("DcpPublisher:RandomizePorts", "true"), new("AppHost:Quiet", "true")]);
        configureBuilder(options, settings);
    }

    public Task<IDistributedApplicationBuilder> WaitForBuilderAsync(CancellationToken cancellationToken) => _builder.Task.WaitAsync(cancellationToken);

    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        _mayBuild.Set();
        return _application.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets the thread end when the application was never built.</summary>
    public void Abandon()
    {
        _abandoned = true;
        _mayBuild.Set();
    }

    private void Building(IDistributedApplicationBuilder builder)
    {
        _builder.TrySetResult(builder);
#pragma warning disable MA0045 // It is the point to block the entry point here: its Build has no asynchronous form.
        _mayBuild.Wait();
#pragma warning restore MA0045
        if (_abandoned)
            throw new OperationCanceledException("The test has ended without building the application.");
    }

    private bool Run(MethodInfo main, string[] args)
    {
        try
        {
            main.Invoke(obj: null, main.GetParameters().Length == 0 ? [] : [args]);
            Fail(new InvalidOperationException("The entry point exited without building an application."));
        }
        catch (TargetInvocationException e)
        {
            Fail(e.InnerException ?? e);
        }

        return true;
    }

    private void Fail(Exception exception)
    {
        _builder.TrySetException(exception);
        _application.TrySetException(exception);
    }
}
