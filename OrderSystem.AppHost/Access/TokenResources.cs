using OrderSystem.AppHost.Infrastructure;
using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Access;

/// <summary>Whose tokens the services accept: those of a key of this machine; in a deployment those of the OpenID provider that it asks for.</summary>
internal sealed class TokenResources
{
    private const string Scheme = "Authentication__Schemes__Bearer__";
    private static readonly TimeSpan ServiceLifetime = TimeSpan.FromDays(365);

    private readonly TokenKey? key;
    private readonly IResourceBuilder<ParameterResource> workerToken;
    private readonly IResourceBuilder<ParameterResource>? authority;
    private readonly IResourceBuilder<ParameterResource>? audience;

    private TokenResources(IDistributedApplicationBuilder builder, TokenKey? key)
    {
        this.key = key;
        const string Token = "worker-token";
        if (key is not null)
        {
            workerToken = builder.AddParameter(Token, key.CreateToken("order-api", "orders.ops", TimeProvider.System.GetUtcNow(), ServiceLifetime), secret: true).WithHidden();
            return;
        }

        authority = builder.AddParameter("token-authority");
        audience = builder.AddParameter("token-audience");
        workerToken = builder.AddParameter(Token, secret: true);
    }

    internal static async Task<TokenResources> AddAsync(IDistributedApplicationBuilder builder) =>
        new(builder, builder.ExecutionContext.IsRunMode ? await OpenKeyAsync(builder.DataFolder()) : null);

    /// <summary>The key in the folder with the data, made when it is not there: tokens survive a restart.</summary>
    internal static async Task<TokenKey> OpenKeyAsync(string data)
    {
        var file = Path.Combine(Directory.CreateDirectory(data).FullName, "token-key.pem");
        if (File.Exists(file))
            return TokenKey.Import(await File.ReadAllTextAsync(file));
        var made = TokenKey.Create();
        await SecretFile.WriteAsync(file, made.Export());
        return made;
    }

    /// <summary>Makes the service accept the tokens, and its commands bring one.</summary>
    internal IResourceBuilder<ProjectResource> Protect(IResourceBuilder<ProjectResource> service)
    {
        if (key is null)
            return service.WithEnvironment($"{Scheme}Authority", authority!).WithEnvironment($"{Scheme}ValidAudience", audience!);
        foreach (var (name, value) in key.Settings())
            service.WithEnvironment(name, value);
        return service.WithAnnotation(new TokenKeyAnnotation(key));
    }

    /// <summary>Lets the service ask the payment worker.</summary>
    internal IResourceBuilder<ProjectResource> LetAskWorker(IResourceBuilder<ProjectResource> service) => service.WithEnvironment("Audit__WorkerToken", workerToken);
}

/// <summary>The key whose tokens a resource accepts.</summary>
internal sealed record TokenKeyAnnotation(TokenKey Key) : IResourceAnnotation;

internal static class TokenSetup
{
    internal static IResourceBuilder<ProjectResource> WithTokens(this IResourceBuilder<ProjectResource> service, TokenResources tokens) => tokens.Protect(service);

    internal static IResourceBuilder<ProjectResource> WithWorkerToken(this IResourceBuilder<ProjectResource> service, TokenResources tokens) => tokens.LetAskWorker(service);
}
