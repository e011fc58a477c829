using OrderSystem.AppHost.Infrastructure;
using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Access;

/// <summary>The issuer of the tokens that the services accept: a local key, or in a deployment an OpenID provider.</summary>
internal sealed class TokenResources
{
    private const string Scheme = "Authentication__Schemes__Bearer__";
    private static readonly TimeSpan ServiceLifetime = TimeSpan.FromDays(365);

    private readonly TokenKey? key;
    private readonly IResourceBuilder<ParameterResource> workerToken;
    private readonly IResourceBuilder<ParameterResource> ordersToken;
    private readonly IResourceBuilder<ParameterResource>? authority;
    private readonly IResourceBuilder<ParameterResource>? audience;

    private TokenResources(IDistributedApplicationBuilder builder, TokenKey? key)
    {
        this.key = key;
        const string Token = "worker-token";
        const string Orders = "orders-token";
        if (key is not null)
        {
            var token = key.CreateToken("order-api", "orders.ops", TimeProvider.System.GetUtcNow(), ServiceLifetime);
            workerToken = builder.AddParameter(Token, token, secret: true).WithHidden();
            var forWorker = key.CreateToken(
                "payment-worker", "orders.payment-methods", TimeProvider.System.GetUtcNow(), ServiceLifetime);
            ordersToken = builder.AddParameter(Orders, forWorker, secret: true).WithHidden();
            return;
        }

        authority = builder.AddParameter("token-authority");
        audience = builder.AddParameter("token-audience");
        workerToken = builder.AddParameter(Token, secret: true);
        ordersToken = builder.AddParameter(Orders, secret: true);
    }

    internal static async Task<TokenResources> AddAsync(IDistributedApplicationBuilder builder) =>
        new(builder, builder.ExecutionContext.IsRunMode ? await OpenKeyAsync(builder.DataFolder()) : null);

    /// <summary>Opens the key in the data folder, or creates it, so that tokens remain valid after a restart.</summary>
    internal static async Task<TokenKey> OpenKeyAsync(string data)
    {
        var file = Path.Combine(Directory.CreateDirectory(data).FullName, "token-key.pem");
        if (File.Exists(file))
            return TokenKey.Import(await File.ReadAllTextAsync(file));
        var created = TokenKey.Create();
        await SecretFile.WriteAsync(file, created.Export());
        return created;
    }

    /// <summary>Configures the service to accept the tokens, and its commands to send one.</summary>
    internal IResourceBuilder<ProjectResource> Protect(IResourceBuilder<ProjectResource> service)
    {
        if (key is null)
            return service.WithEnvironment($"{Scheme}Authority", authority!).WithEnvironment($"{Scheme}ValidAudience", audience!);
        foreach (var (name, value) in key.Settings())
            service.WithEnvironment(name, value);
        return service.WithAnnotation(new TokenKeyAnnotation(key));
    }

    /// <summary>Gives the service a token for the payment worker.</summary>
    internal IResourceBuilder<ProjectResource> AddWorkerToken(IResourceBuilder<ProjectResource> service) =>
        service.WithEnvironment("Audit__WorkerToken", workerToken);

    /// <summary>Gives the payment worker a token for the payment methods of orders.</summary>
    internal IResourceBuilder<ProjectResource> AddOrdersToken(IResourceBuilder<ProjectResource> worker) =>
        worker.WithEnvironment("Payments__OrdersToken", ordersToken);
}

/// <summary>The key whose tokens a resource accepts.</summary>
internal sealed record TokenKeyAnnotation(TokenKey Key) : IResourceAnnotation;

internal static class TokenSetup
{
    internal static IResourceBuilder<ProjectResource> WithTokens(this IResourceBuilder<ProjectResource> service, TokenResources tokens) =>
        tokens.Protect(service);

    internal static IResourceBuilder<ProjectResource> WithWorkerToken(
        this IResourceBuilder<ProjectResource> service, TokenResources tokens) =>
        tokens.AddWorkerToken(service);

    internal static IResourceBuilder<ProjectResource> WithOrdersToken(
        this IResourceBuilder<ProjectResource> worker, TokenResources tokens) =>
        tokens.AddOrdersToken(worker);
}
