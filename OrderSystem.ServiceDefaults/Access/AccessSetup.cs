using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>Lets in only who brings a good token: every route asks for one unless it says otherwise.</summary>
public static class AccessSetup
{
    /// <summary>Asymmetric ones only: with the others, who can check a token can also make one.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Clocks differ: a token is accepted from this long before <c>nbf</c> until this long after <c>exp</c>. More than this is a mistake.</summary>
    internal static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Adds bearer tokens, as <c>Authentication__*</c> says, and a policy for each of <see cref="Scopes"/>. Refuses to start where these settings are missing.</summary>
    public static void AddAccess(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AccessOptions>().Configure<IConfiguration>((access, configuration) => access.Read(configuration)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidation>();
        builder.Services.AddProblemDetails();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AccessOptions>, TimeProvider, IssuerKeys>((bearer, access, time, keys) => Configure(bearer, access.Value, time, keys));
        builder.Services.AddSingleton<IssuerKeys>();
        builder.Services.AddHealthChecks().AddCheck<IssuerHealthCheck>("identity-provider");

        var policies = builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var scope in Scopes.All)
            policies.AddPolicy(scope, policy => policy.RequireAuthenticatedUser().RequireAssertion(context => context.User.Has(scope) && context.User.ClientId() is not null));
        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, ForbiddenAnswer>();
    }

    /// <summary>Checks the token of each request, how much its client asks for, and what it allows.</summary>
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
        options.TokenHandlers.Add(new RecentTokens(time, published) { MapInboundClaims = false });
        options.Events = new() { OnChallenge = UncheckedAnswer.ChallengeAsync };

        // All but the algorithms and the keys is the default of the library; here nothing may depend on a default.
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
