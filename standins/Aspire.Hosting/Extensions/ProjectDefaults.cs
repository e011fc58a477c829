using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Running;

namespace Aspire.Hosting;

/// <summary>What every project gets: its launch profile, its endpoints and its telemetry.</summary>
internal static class ProjectDefaults
{
    public static IResourceBuilder<ProjectResource> Apply(IResourceBuilder<ProjectResource> builder, IProjectMetadata metadata, ProjectResourceOptions options)
    {
        var isPublishMode = builder.ApplicationBuilder.ExecutionContext.IsPublishMode;
        var profile = options.ExcludeLaunchProfile ? null : FindProfile(builder.Resource.Name, metadata, options.LaunchProfileName);
        builder.WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory").WithOtlpExporter();
        AddEndpoints(builder, profile, isPublishMode);
        return builder.WithEnvironment(context => AddListening(context, builder.Resource, profile, isPublishMode));
    }

    private static LaunchProfile? FindProfile(string resourceName, IProjectMetadata metadata, string? name)
    {
        var settings = metadata.LaunchSettings ?? LaunchSettings.Read(Path.GetDirectoryName(metadata.ProjectPath)!);
        if (name is null)
            return settings?.Profiles.Values.FirstOrDefault(p => string.Equals(p.CommandName, "Project", StringComparison.OrdinalIgnoreCase));
        return settings?.Profiles.GetValueOrDefault(name)
            ?? throw new DistributedApplicationException($"Launch settings file does not contain '{name}' profile, which resource '{resourceName}' asks for.");
    }

    // A platform chooses the ports, so what is published has http and https wherever the project is a web project at all.
    private static void AddEndpoints(IResourceBuilder<ProjectResource> builder, LaunchProfile? profile, bool isPublishMode)
    {
        var urls = (profile?.ApplicationUrl ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (isPublishMode && urls.Length > 0)
        {
            builder.WithHttpEndpoint().WithHttpsEndpoint();
            return;
        }

        foreach (var group in urls.Select(ParseUrl).GroupBy(u => u.Scheme, StringComparer.OrdinalIgnoreCase))
        {
            var index = 0;
            foreach (var url in group)
            {
                builder.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, url.Scheme, name: index == 0 ? url.Scheme : $"{url.Scheme}{index + 1}", port: url.Port)
                {
                    FromLaunchProfile = true,
                });
                index++;
            }
        }
    }

    private static Uri ParseUrl(string url) => new(url.Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal));

    private static void AddListening(EnvironmentCallbackContext context, ProjectResource project, LaunchProfile? profile, bool isPublishMode)
    {
        var variables = context.EnvironmentVariables;
        var filters = project.Annotations.OfType<EndpointEnvironmentFilterAnnotation>().ToArray();
        var endpoints = project.Annotations.OfType<EndpointAnnotation>().Where(e => e.UriScheme is "http" or "https" && filters.All(f => f.Filter(e))).ToArray();
        if (isPublishMode)
        {
            if (!project.Annotations.OfType<DisableForwardedHeadersAnnotation>().Any())
                variables["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true";
            if (endpoints.FirstOrDefault(e => e.UriScheme == "http") is { } http)
                variables["HTTP_PORTS"] = new TargetPortOf(project, http);
            return;
        }

        foreach (var (name, value) in profile?.EnvironmentVariables ?? [])
            variables.TryAdd(name, Environment.ExpandEnvironmentVariables(value));
        if (endpoints.Length == 0)
            return;
        var urls = new ReferenceExpressionBuilder();
        foreach (var endpoint in endpoints)
        {
            urls.AppendLiteral($"{(urls.IsEmpty ? "" : ";")}{endpoint.UriScheme}://localhost:");
            urls.AppendFormatted(new TargetPortOf(project, endpoint));
        }

        variables["ASPNETCORE_URLS"] = urls.Build();
    }
}
