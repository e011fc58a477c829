using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>Authentication and authorization: every endpoint requires a valid bearer token unless it allows anonymous access.</summary>
public static class AccessSetup
{
    /// <summary>Asymmetric algorithms only: with a symmetric one, a service that validates tokens could also issue them.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>
    /// Tolerated clock skew: a token is accepted from this long before <c>nbf</c> until this long after <c>exp</c>. A larger difference is
    /// a misconfigured clock.
    /// </summary>
    internal static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds JWT bearer authentication, configured by <c>Authentication__*</c>, and an authorization policy for each of
    /// <see cref="Scopes"/>. The service does not start when these settings are missing or invalid.
    /// </summary>
    public static void AddAccess(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AccessOptions>()
            .Configure<IConfiguration>((access, configuration) => access.Read(configuration))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidation>();
        builder.Services.AddProblemDetails();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AccessOptions>, TimeProvider, IssuerKeys>(
                (bearer, access, time, keys) => Configure(bearer, access.Value, time, keys));
        builder.Services.AddSingleton<IssuerKeys>();
        builder.Services.AddHealthChecks().AddCheck<IssuerHealthCheck>("identity-provider");

        var policies = builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var scope in Scopes.All)
        {
            policies.AddPolicy(scope, policy => policy.RequireAuthenticatedUser()
                .RequireAssertion(context => context.User.Has(scope) && context.User.ClientId() is not null));
        }

        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, ForbiddenResultHandler>();
    }

    /// <summary>Authenticates each request, applies the rate limit of its client, then authorizes it.</summary>
    public static void UseAccess(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
    }

    private static void Configure(JwtBearerOptions options, AccessOptions access, TimeProvider time, IssuerKeys keys)
    {
        var published = access.MetadataAddress is null ? null : keys;
        options.ConfigurationManager = published;
        options.MapInboundClaims = false;
        options.TokenHandlers.Clear();
        options.TokenHandlers.Add(new ValidatedTokenCache(time, published) { MapInboundClaims = false });
        options.Events = new() { OnChallenge = IssuerKeysUnavailableResponse.ChallengeAsync };

        // Explicit even where it is the library's default, so that a new version cannot relax the validation.
        var token = options.TokenValidationParameters;
        token.ValidAlgorithms = Algorithms;
        token.IssuerSigningKeys = access.SigningKeys;
        token.ValidateIssuerSigningKey = true;
        token.RequireSignedTokens = true;
        token.ValidateIssuer = true;
        token.ValidateAudience = true;
        token.RequireAudience = true;
        token.ValidateLifetime = true;
        token.RequireExpirationTime = true;
        token.ClockSkew = ClockSkew;
    }
}
