using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    private static readonly HttpClient CommandClient = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>Adds a command, or replaces the one of the same name.</summary>
    public static IResourceBuilder<T> WithCommand<T>(this IResourceBuilder<T> builder, string name, string displayName,
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, CommandOptions? commandOptions = null) where T : IResource
    {
        foreach (var existing in builder.Resource.Annotations.OfType<ResourceCommandAnnotation>().Where(c => string.Equals(c.Name, name, StringComparison.Ordinal)).ToArray())
            builder.Resource.Annotations.Remove(existing);
        commandOptions ??= CommandOptions.Default;
        return builder.WithAnnotation(new ResourceCommandAnnotation(name, displayName, commandOptions.UpdateState ?? (_ => ResourceCommandState.Enabled), executeCommand, commandOptions));
    }

    /// <summary>Adds a command that sends a request, a POST unless told otherwise, to an endpoint of the resource.</summary>
    public static IResourceBuilder<TResource> WithHttpCommand<TResource>(this IResourceBuilder<TResource> builder, string path, string displayName,
        string? endpointName = null, string? commandName = null, HttpCommandOptions? commandOptions = null) where TResource : IResourceWithEndpoints =>
        builder.WithHttpCommand(path, displayName, () => HttpEndpoint(builder.Resource, endpointName), commandName, commandOptions);

    /// <summary>Adds a command that sends a request, a POST unless told otherwise, to an endpoint.</summary>
    public static IResourceBuilder<TResource> WithHttpCommand<TResource>(this IResourceBuilder<TResource> builder, string path, string displayName,
        Func<EndpointReference>? endpointSelector, string? commandName = null, HttpCommandOptions? commandOptions = null) where TResource : IResourceWithEndpoints
    {
        var options = commandOptions ?? new HttpCommandOptions();
        var method = options.Method ?? HttpMethod.Post;
        var endpoint = (endpointSelector ?? options.EndpointSelector ?? (() => HttpEndpoint(builder.Resource, endpointName: null)))();
        return builder.WithCommand(commandName ?? $"{builder.Resource.Name}-{endpoint.EndpointName}-http-{method.Method.ToLowerInvariant()}-{path}", displayName, async context =>
        {
            using var request = new HttpRequestMessage(method, new Uri(new Uri(endpoint.Url), path));
            using var response = await CommandClient.SendAsync(request, context.CancellationToken);
            var answer = $"{method} {path} answered {(int)response.StatusCode} {response.ReasonPhrase}";
            return response.IsSuccessStatusCode ? CommandResults.Success(answer) : CommandResults.Failure(answer);
        }, options);
    }
}
