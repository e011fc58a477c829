using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes each kind of resource as the manifest's schema has it.</summary>
internal sealed class ManifestResourceWriter(ManifestPublishingContext context)
{
    private readonly System.Text.Json.Utf8JsonWriter _writer = context.Writer;

    public async Task WriteAsync(IResource resource)
    {
        var custom = resource.Annotations.OfType<ManifestPublishingCallbackAnnotation>().LastOrDefault();
        if (custom is { Callback: null })
            return;

        _writer.WriteStartObject(resource.Name);
        if (custom is { Callback: { } callback })
            await callback(context);
        else
            await WriteBodyAsync(resource);
        _writer.WriteEndObject();
        await _writer.FlushAsync(context.CancellationToken);
    }

    public static void WriteEncoded(System.Text.Json.Utf8JsonWriter writer, string name, string value)
    {
        writer.WriteStartObject(name);
        writer.WriteString("type", "annotated.string");
        writer.WriteString("value", value);
        writer.WriteString("filter", "uri");
        writer.WriteEndObject();
    }

    private async Task WriteBodyAsync(IResource resource)
    {
        switch (resource)
        {
            case ContainerResource container:
                await WriteContainerAsync(container);
                break;
            case ProjectResource project:
                _writer.WriteString("type", "project.v0");
                var metadata = project.Annotations.OfType<IProjectMetadata>().Last();
                _writer.WriteString("path", context.GetManifestRelativePath(metadata.ProjectPath));
                await WriteProcessAsync(project, project);
                break;
            case ExecutableResource executable:
                _writer.WriteString("type", "executable.v0");
                _writer.WriteString("workingDirectory", context.GetManifestRelativePath(executable.WorkingDirectory));
                _writer.WriteString("command", executable.Command);
                await WriteProcessAsync(executable, executable);
                break;
            case ParameterResource parameter:
                WriteParameter(parameter);
                break;
            case IResourceWithConnectionString withConnectionString:
                _writer.WriteString("type", "value.v0");
                WriteConnectionString(withConnectionString);
                break;
            default:
                _writer.WriteString("error", "This resource does not support generation in the manifest.");
                break;
        }
    }

    private async Task WriteContainerAsync(ContainerResource container)
    {
        _writer.WriteString("type", "container.v0");
        if (container is IResourceWithConnectionString withConnectionString)
            WriteConnectionString(withConnectionString);
        var image = container.Annotations.OfType<ContainerImageAnnotation>().LastOrDefault()
            ?? throw new DistributedApplicationException($"The resource '{container.Name}' has no image.");
        _writer.WriteString("image", image.FullName);
        if (container.Entrypoint is not null)
            _writer.WriteString("entrypoint", container.Entrypoint);
        await WriteArgsAsync(container);
        WriteMounts(container, ContainerMountType.BindMount, "bindMounts", "source");
        WriteMounts(container, ContainerMountType.Volume, "volumes", "name");
        await WriteEnvironmentAsync(container);
        WriteBindings(container);
    }

    private async Task WriteProcessAsync(IResource resource, IResourceWithEndpoints endpoints)
    {
        await WriteArgsAsync(resource);
        await WriteEnvironmentAsync(resource);
        WriteBindings(endpoints);
    }

    private void WriteConnectionString(IResourceWithConnectionString resource) =>
        _writer.WriteString("connectionString", context.Expression(resource.ConnectionStringExpression));

    private async Task WriteArgsAsync(IResource resource)
    {
        var args = new List<object>();
        var callbackContext = new CommandLineArgsCallbackContext(args, resource, context.CancellationToken) { ExecutionContext = context.ExecutionContext };
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToArray())
            await annotation.Callback(callbackContext);
        if (args.Count == 0)
            return;
        _writer.WriteStartArray("args");
        foreach (var arg in args)
            _writer.WriteStringValue(context.Expression(arg));
        _writer.WriteEndArray();
    }

    private async Task WriteEnvironmentAsync(IResource resource)
    {
        var callbackContext = new EnvironmentCallbackContext(context.ExecutionContext, resource, cancellationToken: context.CancellationToken);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
            await annotation.Callback(callbackContext);
        if (callbackContext.EnvironmentVariables.Count == 0)
            return;
        _writer.WriteStartObject("env");
        foreach (var (name, value) in callbackContext.EnvironmentVariables)
            _writer.WriteString(name, context.Expression(value));
        _writer.WriteEndObject();
    }

    private void WriteMounts(ContainerResource container, ContainerMountType type, string property, string sourceName)
    {
        var mounts = container.Annotations.OfType<ContainerMountAnnotation>().Where(m => m.Type == type).ToArray();
        if (mounts.Length == 0)
            return;
        _writer.WriteStartArray(property);
        foreach (var mount in mounts)
        {
            _writer.WriteStartObject();
            if (mount.Source is not null)
                _writer.WriteString(sourceName, type == ContainerMountType.BindMount ? context.GetManifestRelativePath(mount.Source) : mount.Source);
            _writer.WriteString("target", mount.Target);
            _writer.WriteBoolean("readOnly", mount.IsReadOnly);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteBindings(IResource resource)
    {
        var endpoints = resource.Annotations.OfType<EndpointAnnotation>().ToArray();
        if (endpoints.Length == 0)
            return;
        _writer.WriteStartObject("bindings");
        foreach (var endpoint in endpoints)
        {
            _writer.WriteStartObject(endpoint.Name);
            _writer.WriteString("scheme", endpoint.UriScheme);
            _writer.WriteString("protocol", endpoint.Protocol == System.Net.Sockets.ProtocolType.Udp ? "udp" : "tcp");
            _writer.WriteString("transport", endpoint.Transport);
            if (endpoint.Port is { } port && !endpoint.FromLaunchProfile)
                _writer.WriteNumber("port", port);
            if (endpoint.TargetPort is { } targetPort)
                _writer.WriteNumber("targetPort", targetPort);
            if (endpoint.IsExternal)
                _writer.WriteBoolean("external", value: true);
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
    }

    private void WriteParameter(ParameterResource parameter)
    {
        _writer.WriteString("type", "parameter.v0");
        if (parameter is ConnectionStringParameterResource connectionString)
            WriteConnectionString(connectionString);
        _writer.WriteString("value", $"{{{parameter.Name}.inputs.value}}");
        _writer.WriteStartObject("inputs");
        _writer.WriteStartObject("value");
        _writer.WriteString("type", "string");
        if (parameter.Secret)
            _writer.WriteBoolean("secret", value: true);
        if (parameter.Default is { } @default)
        {
            _writer.WriteStartObject("default");
            @default.WriteToManifest(context);
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }
}
