using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrderSystem.AppHost.Access;

namespace OrderSystem.Tests.Support;

/// <summary>An OpenID provider over HTTP that publishes the given keys, and can be stopped and restarted at the same address.</summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    private readonly int port = Ports.Free();
    private WebApplication? server;
    private int requests;

    /// <summary>The keys that it publishes, a JSON Web Key Set.</summary>
    internal string Jwks { get; set; } = Tokens.Key.Jwks;

    /// <summary>It accepts requests and answers none.</summary>
    internal bool IsSilent { get; set; }

    /// <summary>How often its discovery document was requested.</summary>
    internal int Requests => Volatile.Read(ref requests);

    private string Address => $"http://127.0.0.1:{port}";

    /// <summary>The settings with which a service accepts its tokens and no others.</summary>
    internal (string Name, string Value)[] Settings =>
    [
        ("Authentication__Jwks", ""),
        ("Authentication__Schemes__Bearer__ValidIssuer", ""),
        ("Authentication__Schemes__Bearer__Authority", Address),
        ("Authentication__Schemes__Bearer__RequireHttpsMetadata", "false"),
    ];

    internal async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(Address);
        builder.Logging.ClearProviders();
        server = builder.Build();
        server.MapGet("/.well-known/openid-configuration", async (HttpContext context) =>
        {
            Interlocked.Increment(ref requests);
            if (IsSilent)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return Results.Json(new { issuer = TokenKey.Issuer, jwks_uri = $"{Address}/keys" });
        });
        server.MapGet("/keys", () => Results.Text(Jwks, "application/json"));
        await server.StartAsync();
    }

    internal async Task StopAsync()
    {
        if (server is null)
            return;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
        server = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
