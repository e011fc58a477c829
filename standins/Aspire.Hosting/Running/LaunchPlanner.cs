using System.Collections;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>The environment and the arguments of an instance, with all values filled in; a container's without what this machine adds.</summary>
internal sealed record Launch(OrderedDictionary<string, string> Environment, IReadOnlyList<string> Arguments);

/// <summary>Fills in what was declared about a resource for one of its instances.</summary>
internal sealed class LaunchPlanner(DistributedApplicationExecutionContext executionContext, ResourceLoggerService loggers, AppHostProject project)
{
    // They say how the AppHost itself was launched.
    private static readonly string[] NotInherited =
        ["ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_URLS", "DOTNET_LAUNCH_PROFILE", "DOTNET_HOST_PATH", "MSBUILD", "MSBuildSDKsPath", "MSBuildExtensionsPath"];

    public async Task<Launch> PlanAsync(Instance instance, CancellationToken cancellationToken)
    {
        var resource = instance.Resource;
        var logger = loggers.GetLogger(instance.Id);
        var values = new InstanceContext { Suffix = instance.Suffix, Ports = instance.Ports, Caller = resource, ExecutionContext = executionContext };

        var environment = new EnvironmentCallbackContext(executionContext, resource, cancellationToken: cancellationToken) { Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
            await annotation.Callback(environment);
        var variables = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in environment.EnvironmentVariables)
        {
            if (await ValueAsync(value, resource, values, cancellationToken) is { } text)
                variables[name] = text;
        }

        var args = new List<object>();
        var commandLine = new CommandLineArgsCallbackContext(args, resource, cancellationToken) { ExecutionContext = executionContext, Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToArray())
            await annotation.Callback(commandLine);
        var arguments = new List<string>();
        foreach (var arg in args)
        {
            if (await ValueAsync(arg, resource, values, cancellationToken) is { } text)
                arguments.Add(text);
        }

        return new Launch(variables, arguments);
    }

    /// <summary>The command that runs a project or a program, in the AppHost's environment and its own.</summary>
    public CommandLine CommandOf(IResource resource, Launch launch)
    {
        var environment = Inherited();
        foreach (var (name, value) in launch.Environment)
            environment[name] = value;
        if (resource is ExecutableResource executable)
            return new CommandLine(executable.Command, launch.Arguments, executable.WorkingDirectory, environment);

        var metadata = resource.Annotations.OfType<IProjectMetadata>().Last();
        var target = project.TargetPathOf(metadata.ProjectPath)
            ?? throw new DistributedApplicationException($"the AppHost does not refer to the project {metadata.ProjectPath}, so it was not built with it");
        if (!File.Exists(target))
            throw new DistributedApplicationException($"{target} does not exist: build the AppHost");
        return new CommandLine(DotNet(), [target, .. launch.Arguments], Path.GetDirectoryName(metadata.ProjectPath)!, environment);
    }

    public static Dictionary<string, string?> Inherited()
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value, StringComparer.Ordinal);
        foreach (var name in NotInherited)
            environment.Remove(name);
        return environment;
    }

    private static string DotNet() =>
        Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static async Task<string?> ValueAsync(object value, IResource resource, InstanceContext context, CancellationToken cancellationToken)
    {
        if (resource is ContainerResource && References.Endpoints(value).FirstOrDefault(e => e.Resource != resource) is { } other)
            throw new NotSupportedException($"A container ({resource.Name}) that refers to an endpoint of another resource ({other.Resource.Name}) is not supported.");
        try
        {
            return value switch
            {
                string text => text,
                EndpointReferenceExpression { Property: EndpointProperty.TargetPort } port when port.Endpoint.Resource == resource =>
                    await new TargetPortOf(resource, port.Endpoint.EndpointAnnotation).GetValueAsync(context, cancellationToken),
                IValueProvider provider => await provider.GetValueAsync(context, cancellationToken),
                IFormattable formattable => formattable.ToString(format: null, System.Globalization.CultureInfo.InvariantCulture),
                _ => value.ToString(),
            };
        }
        catch (InvalidOperationException e)
        {
            throw new DistributedApplicationException(e.Message, e);
        }
    }
}
