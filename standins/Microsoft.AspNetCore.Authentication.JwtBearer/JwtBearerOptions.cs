using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>What bearer tokens are accepted.</summary>
public class JwtBearerOptions : AuthenticationSchemeOptions
{
    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = JsonWebTokenHandler.DefaultMapInboundClaims };

    /// <summary>Makes options with one handler of tokens, for JSON Web Tokens.</summary>
    public JwtBearerOptions() => TokenHandlers = [handler];

    /// <summary>Whether the metadata must come over HTTPS. Default true.</summary>
    public bool RequireHttpsMetadata { get; set; } = true;

    /// <summary>Where the provider's metadata are; by default the well-known place below the authority.</summary>
    public string MetadataAddress { get; set; } = default!;

    /// <summary>The OpenID provider whose tokens are accepted.</summary>
    public string? Authority { get; set; }

    /// <summary>Who the tokens must be meant for, where <see cref="TokenValidationParameters.ValidAudience"/> does not say so.</summary>
    public string? Audience { get; set; }

    /// <summary>The value of <c>WWW-Authenticate</c>.</summary>
    public string Challenge { get; set; } = JwtBearerDefaults.AuthenticationScheme;

    /// <summary>What the metadata are fetched with; null for the usual handler.</summary>
    public HttpMessageHandler? BackchannelHttpHandler { get; set; }

    /// <summary>How long fetching them may take. Default 1 min.</summary>
    public TimeSpan BackchannelTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Keeps the metadata and fetches them again when they are old or lack a key.</summary>
    public IConfigurationManager<OpenIdConnectConfiguration>? ConfigurationManager { get; set; }

    /// <summary>Whether a key that is not known makes the metadata be fetched again. Default true.</summary>
    public bool RefreshOnIssuerKeyNotFound { get; set; } = true;

    /// <summary>What reads the tokens; the first that accepts one decides.</summary>
    public IList<TokenHandler> TokenHandlers { get; }

    /// <summary>What a token must be like.</summary>
    public TokenValidationParameters TokenValidationParameters { get; set; } = new();

    /// <summary>Whether the challenge says what is wrong with a token. Default true.</summary>
    public bool IncludeErrorDetails { get; set; } = true;

    /// <summary>Whether claims get the long names of older .NET. Default true.</summary>
    public bool MapInboundClaims
    {
        get => handler.MapInboundClaims;
        set => handler.MapInboundClaims = value;
    }

    /// <summary>How often the metadata are fetched again. Default 12 h.</summary>
    public TimeSpan AutomaticRefreshInterval { get; set; } = Microsoft.IdentityModel.Protocols.ConfigurationManager<OpenIdConnectConfiguration>.DefaultAutomaticRefreshInterval;

    /// <summary>How often at most because of a key that is not known. Default 5 min.</summary>
    public TimeSpan RefreshInterval { get; set; } = Microsoft.IdentityModel.Protocols.ConfigurationManager<OpenIdConnectConfiguration>.DefaultRefreshInterval;
}
