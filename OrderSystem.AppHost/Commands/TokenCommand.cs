using OrderSystem.AppHost.Access;
using OrderSystem.AppHost.Infrastructure;

namespace OrderSystem.AppHost.Commands;

/// <summary>Creates a token for manual calls to the local system.</summary>
internal static class TokenCommand
{
    /// <summary>The first argument of the AppHost that prints a token instead of starting the system.</summary>
    internal const string Verb = "token";

    /// <summary>The same for the public keys that verify tokens.</summary>
    internal const string KeysVerb = "token-keys";

    private const string Client = "local";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    internal static async Task PrintAsync(IDistributedApplicationBuilder builder, string verb)
    {
        using var key = await TokenResources.OpenKeyAsync(builder.DataFolder());
        await Console.Out.WriteLineAsync(verb == Verb ? Create(key) : key.Jwks);
    }

    internal static IResourceBuilder<ProjectResource> WithTokenCommand(this IResourceBuilder<ProjectResource> api) => api.WithOperation(
        "create-token", "Create token", "Key", "Creates a bearer token with all scopes for 12 hours.", confirmation: null,
        (_, _) => Task.FromResult(
            api.Resource.Annotations.OfType<TokenKeyAnnotation>().LastOrDefault() is { } access
                ? CommandResults.Success("A token for 12 hours.", Create(access.Key), CommandResultFormat.Text, displayImmediately: true)
                : CommandResults.Failure("This system has no local token key.")));

    private static string Create(TokenKey key) => key.CreateToken(Client, TokenKey.AllScopes, TimeProvider.System.GetUtcNow(), Lifetime);
}
