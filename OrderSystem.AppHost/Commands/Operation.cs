using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.AppHost.Access;

namespace OrderSystem.AppHost.Commands;

/// <summary>Dashboard commands that call a service over HTTP and show its response.</summary>
internal static class Operation
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(2) };
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Adds a command that is enabled while its resource runs.</summary>
    /// <param name="resource">The resource of the command.</param>
    /// <param name="name">Its name for programs.</param>
    /// <param name="displayName">Its name in the dashboard.</param>
    /// <param name="icon">The name of a Fluent UI icon.</param>
    /// <param name="description">What it does.</param>
    /// <param name="confirmation">The question to confirm a change; null for a read-only command.</param>
    /// <param name="run">Runs it with a client of the resource.</param>
    /// <param name="arguments">Its inputs.</param>
    /// <param name="isHighlighted">Whether it has a button beside the menu.</param>
    internal static IResourceBuilder<ProjectResource> WithOperation(
        this IResourceBuilder<ProjectResource> resource,
        string name,
        string displayName,
        string icon,
        string description,
        string? confirmation,
        Func<ServiceClient, ExecuteCommandContext, Task<ExecuteCommandResult>> run,
        IReadOnlyList<InteractionInput>? arguments = null,
        bool isHighlighted = false)
    {
        var endpoint = resource.GetEndpoint("http");
        return resource.WithCommand(name, displayName, RunAsync, new CommandOptions
        {
            Description = description,
            ConfirmationMessage = confirmation,
            IconName = icon,
            Arguments = arguments ?? [],
            IsHighlighted = isHighlighted,
            UpdateState = context => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running
                ? ResourceCommandState.Enabled
                : ResourceCommandState.Disabled,
        });

        async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context)
        {
            try
            {
                var client = new ServiceClient(Http, new Uri(endpoint.Url), NewToken(resource.Resource), context.CancellationToken);
                return await run(client, context);
            }
            catch (HttpRequestException failure)
            {
                return CommandResults.Failure($"{resource.Resource.Name} failed: {failure.Message}");
            }
        }
    }

    /// <summary>A message for people and the service's response for programs, such as the Aspire CLI.</summary>
    internal static ExecuteCommandResult Done(string message, object result) =>
        CommandResults.Success(message, ToJson(message, result), CommandResultFormat.Json);

    /// <summary>The same for a failure or an early end.</summary>
    internal static ExecuteCommandResult Failed(string message, object result) =>
        CommandResults.Failure(message, ToJson(message, result), CommandResultFormat.Json);

    private static string ToJson(string message, object result) => JsonSerializer.Serialize(new { message, result }, Indented);

    private static string? NewToken(IResource service) => service.Annotations.OfType<TokenKeyAnnotation>().LastOrDefault()
        ?.Key.CreateToken("dashboard", TokenKey.AllScopes, TimeProvider.System.GetUtcNow(), TokenLifetime);
}

/// <summary>Calls one service on behalf of the dashboard's user. A response other than success is an exception with its detail.</summary>
internal sealed class ServiceClient(HttpClient http, Uri address, string? token, CancellationToken cancellationToken)
{
    internal async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null, string? idempotencyKey = null)
    {
        while (true)
        {
            using var response = await SendOnceAsync(method, path, body, idempotencyKey);

            // The rate limit of one client: the service did nothing, and Retry-After says when to repeat the call.
            if (response is { StatusCode: HttpStatusCode.TooManyRequests, Headers.RetryAfter.Delta: { } wait })
            {
                await Task.Delay(wait, TimeProvider.System, cancellationToken);
                continue;
            }

            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new HttpRequestException(
                    $"{method} {path} answered {(int)response.StatusCode}: {Detail(text)}", inner: null, response.StatusCode);
            }

            return response.StatusCode == HttpStatusCode.NoContent ? default : JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    /// <summary>Posts what another service answers, and returns the response.</summary>
    internal async Task<JsonElement> SendFileAsync(string path, string mediaType, Uri source)
    {
        await using var file = await http.GetStreamAsync(source, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = new StreamContent(file) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        Identify(request);
        using var response = await http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new HttpRequestException(
                $"POST {path} answered {(int)response.StatusCode}: {Detail(text)}", inner: null, response.StatusCode);
    }

    private void Identify(HttpRequestMessage request)
    {
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add("X-Operator", $"{Environment.UserName} (dashboard)");
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string path, object? body, string? idempotencyKey)
    {
        using var request = new HttpRequestMessage(method, new Uri(address, path));
        request.Content = body is null ? null : JsonContent.Create(body);
        Identify(request);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await http.SendAsync(request, cancellationToken);
    }

    private static string Detail(string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize<JsonElement>(text);
            return problem.ValueKind is JsonValueKind.Object && problem.TryGetProperty("detail", out var detail)
                ? detail.GetString()!
                : text;
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
