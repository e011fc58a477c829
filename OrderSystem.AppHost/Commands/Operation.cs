using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.AppHost.Access;

namespace OrderSystem.AppHost.Commands;

/// <summary>Commands that ask a service over HTTP to do something, and answer with what it did.</summary>
internal static class Operation
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(2) };
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Adds a command that can be run while its resource does.</summary>
    /// <param name="resource">That has the command.</param>
    /// <param name="name">How it is called by programs.</param>
    /// <param name="displayName">How it is called in the dashboard.</param>
    /// <param name="icon">A name of the Fluent UI icons.</param>
    /// <param name="description">What it does, and what for.</param>
    /// <param name="confirmation">What it will change; null when it only looks.</param>
    /// <param name="run">Does it, with a client of the resource.</param>
    /// <param name="arguments">What it asks for.</param>
    /// <param name="isHighlighted">Whether it has a button of its own beside the menu.</param>
    internal static IResourceBuilder<ProjectResource> WithOperation(
        this IResourceBuilder<ProjectResource> resource, string name, string displayName, string icon, string description, string? confirmation,
        Func<ServiceClient, ExecuteCommandContext, Task<ExecuteCommandResult>> run, IReadOnlyList<InteractionInput>? arguments = null, bool isHighlighted = false)
    {
        var endpoint = resource.GetEndpoint("http");
        return resource.WithCommand(name, displayName, RunAsync, new CommandOptions
        {
            Description = description,
            ConfirmationMessage = confirmation,
            IconName = icon,
            Arguments = arguments ?? [],
            IsHighlighted = isHighlighted,
            UpdateState = context => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        });

        async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context)
        {
            try
            {
                return await run(new ServiceClient(Http, new Uri(endpoint.Url), NewToken(resource.Resource), context.CancellationToken), context);
            }
            catch (HttpRequestException failure)
            {
                return CommandResults.Failure($"{resource.Resource.Name} did not do it: {failure.Message}");
            }
        }
    }

    /// <summary>What was done, in words, and what the service answered, for the Aspire CLI and for programs that use the dashboard's tools.</summary>
    internal static ExecuteCommandResult Done(string message, object result) => CommandResults.Success(message, ToJson(message, result), CommandResultFormat.Json);

    /// <summary>The same of something that went wrong or ended early.</summary>
    internal static ExecuteCommandResult Failed(string message, object result) => CommandResults.Failure(message, ToJson(message, result), CommandResultFormat.Json);

    private static string ToJson(string message, object result) => JsonSerializer.Serialize(new { message, result }, Indented);

    private static string? NewToken(IResource service) =>
        service.Annotations.OfType<TokenKeyAnnotation>().LastOrDefault()?.Key.CreateToken("dashboard", TokenKey.AllScopes, TimeProvider.System.GetUtcNow(), TokenLifetime);
}

/// <summary>Asks one service in the name of whoever uses the dashboard; everything but success is an exception that says what the service said.</summary>
internal sealed class ServiceClient(HttpClient http, Uri address, string? token, CancellationToken cancellationToken)
{
    internal async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null, string? idempotencyKey = null)
    {
        while (true)
        {
            using var response = await AskAsync(method, path, body, idempotencyKey);

            // Many orders at once are more than the share of one client: then nothing was done, and it says when to come back.
            if (response is { StatusCode: HttpStatusCode.TooManyRequests, Headers.RetryAfter.Delta: { } wait })
            {
                await Task.Delay(wait, TimeProvider.System, cancellationToken);
                continue;
            }

            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
                throw new HttpRequestException($"{method} {path} answered {(int)response.StatusCode}: {Detail(text)}", inner: null, response.StatusCode);
            return response.StatusCode == HttpStatusCode.NoContent ? default : JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, object? body, string? idempotencyKey)
    {
        using var request = new HttpRequestMessage(method, new Uri(address, path)) { Content = body is null ? null : JsonContent.Create(body) };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add("X-Operator", $"{Environment.UserName} (dashboard)");
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await http.SendAsync(request, cancellationToken);
    }

    private static string Detail(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text) is { ValueKind: JsonValueKind.Object } problem && problem.TryGetProperty("detail", out var detail) ? detail.GetString()! : text;
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
