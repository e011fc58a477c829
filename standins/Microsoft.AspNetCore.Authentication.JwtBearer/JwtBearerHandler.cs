using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Takes the token of the <c>Authorization</c> header, has it checked, and says in the challenge what was wrong with it (RFC 6750).</summary>
public class JwtBearerHandler(IOptionsMonitor<JwtBearerOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<JwtBearerOptions>(options, logger, encoder)
{
    private const string Prefix = "Bearer ";

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || header[Prefix.Length..].Trim() is not { Length: > 0 } token)
            return AuthenticateResult.NoResult();

        var parameters = Options.TokenValidationParameters.Clone();
        if (Options.ConfigurationManager is BaseConfigurationManager metadata)
            parameters.ConfigurationManager = metadata;

        var failures = new List<Exception>();
        foreach (var handler in Options.TokenHandlers)
        {
            try
            {
                var result = await handler.ValidateTokenAsync(token, parameters);
                if (result.IsValid)
                    return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(result.ClaimsIdentity), Scheme.Name));
                failures.Add(result.Exception ?? new SecurityTokenValidationException());
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }

        if (Options.RefreshOnIssuerKeyNotFound && failures.Any(failure => failure is SecurityTokenSignatureKeyNotFoundException))
            Options.ConfigurationManager?.RequestRefresh();
        return AuthenticateResult.Fail(failures.Count == 1 ? failures[0] : new AggregateException(failures));
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var failure = (await HandleAuthenticateOnceSafeAsync()).Failure;
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.Append("WWW-Authenticate", failure is null ? Options.Challenge : $"{Options.Challenge} {Explain(failure)}");
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private string Explain(Exception failure)
    {
        var failures = failure is AggregateException several ? (IReadOnlyCollection<Exception>)several.InnerExceptions : [failure];
        var texts = Options.IncludeErrorDetails ? string.Join("; ", failures.Select(Describe).OfType<string>()) : "";
        return texts.Length == 0 ? "error=\"invalid_token\"" : $"error=\"invalid_token\", error_description=\"{texts}\"";
    }

    private static string? Describe(Exception failure) => failure switch
    {
        SecurityTokenInvalidAudienceException audience => $"The audience '{audience.InvalidAudience ?? "(null)"}' is invalid",
        SecurityTokenInvalidIssuerException issuer => $"The issuer '{issuer.InvalidIssuer ?? "(null)"}' is invalid",
        SecurityTokenNoExpirationException => "The token has no expiration",
        SecurityTokenInvalidLifetimeException lifetime => $"The token lifetime is invalid; NotBefore: '{Text(lifetime.NotBefore)}', Expires: '{Text(lifetime.Expires)}'",
        SecurityTokenNotYetValidException early => $"The token is not valid before '{Text(early.NotBefore)}'",
        SecurityTokenExpiredException late => $"The token expired at '{Text(late.Expires)}'",
        SecurityTokenSignatureKeyNotFoundException => "The signature key was not found",
        SecurityTokenInvalidSignatureException => "The signature is invalid",
        _ => null,
    };

    private static string Text(DateTime? time) => time?.ToString(CultureInfo.InvariantCulture) ?? "(null)";
}
