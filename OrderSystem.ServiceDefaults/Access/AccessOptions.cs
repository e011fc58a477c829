using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Which bearer tokens are accepted: those of an OpenID provider, or those signed with configured keys. Section
/// <c>Authentication:Schemes:Bearer</c>, which ASP.NET Core binds itself too, and <c>Authentication:Jwks</c>. No setting disables
/// authentication, in any environment.
/// </summary>
internal sealed class AccessOptions
{
    private const string Scheme = "Authentication:Schemes:Bearer";

    /// <summary>The configured address of the OpenID provider; null when only keys are configured.</summary>
    internal string? Authority { get; private set; }

    /// <summary>Address of the provider's discovery document (OpenID Connect Discovery), which names its keys.</summary>
    internal string? MetadataAddress { get; private set; }

    /// <summary>The public keys as a JSON Web Key Set (RFC 7517), for issuers that do not publish them.</summary>
    internal string? Jwks { get; private set; }

    internal bool MustBeHttps { get; private set; }

    internal bool HasAudience { get; private set; }

    internal bool HasIssuer { get; private set; }

    internal IList<SecurityKey> SigningKeys => Jwks is null ? [] : new JsonWebKeySet(Jwks).GetSigningKeys();

    internal void Read(IConfiguration configuration)
    {
        var scheme = configuration.GetSection(Scheme);
        var authority = Text(scheme["Authority"]);
        MetadataAddress = Text(scheme["MetadataAddress"])
            ?? (authority is null ? null : $"{authority.TrimEnd('/')}/.well-known/openid-configuration");
        Authority = Text(scheme["MetadataAddress"]) ?? authority;
        Jwks = Text(configuration["Authentication:Jwks"]);
        MustBeHttps = !string.Equals(scheme["RequireHttpsMetadata"], "false", StringComparison.OrdinalIgnoreCase);
        HasAudience = IsSet("ValidAudience");
        HasIssuer = IsSet("ValidIssuer");

        // ASP.NET Core accepts one value, or a list in the section with the plural name.
        bool IsSet(string name) => Text(scheme[name]) is not null
            || scheme.GetSection($"{name}s").GetChildren().Any(entry => Text(entry.Value) is not null);
    }

    /// <summary>Validation errors, each with its remedy; empty when the settings are complete.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Authority is null && Jwks is null)
        {
            yield return "Authentication__Schemes__Bearer__Authority is not set; set it to the OpenID provider whose tokens are accepted, "
                + "for example to 'https://login.example.com/', or set Authentication__Jwks to the public keys that verify the tokens.";
            yield break;
        }

        if (Authority is not null && !IsAllowed(Authority))
        {
            yield return "Authentication__Schemes__Bearer__Authority must be an https address: over http an attacker on the network "
                + "could replace the keys.";
        }

        if (!HasAudience)
        {
            yield return "Authentication__Schemes__Bearer__ValidAudience is not set; set it to the audience of tokens for this system, "
                + "for example to 'ordersystem'.";
        }

        if (Authority is null && !HasIssuer)
        {
            yield return "Authentication__Schemes__Bearer__ValidIssuer is not set; set it to the issuer of the tokens that the keys in "
                + "Authentication__Jwks verify.";
        }

        if (ProblemOfKeys() is { } problem)
            yield return $"Authentication__Jwks {problem}.";
    }

    private bool IsAllowed(string authority) => Uri.TryCreate(authority, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || (!MustBeHttps && address.Scheme == Uri.UriSchemeHttp));

    private string? ProblemOfKeys()
    {
        try
        {
            return Jwks is null ? null
                : new JsonWebKeySet(Jwks).Keys is not { Count: > 0 } keys ? "contains no key; the expected format is '{\"keys\":[…]}'"
                : keys.Any(key => key.D is not null || key.K is not null)
                    ? "must contain public keys only: a service that validates tokens must not be able to issue them"
                : null;
        }
        catch (ArgumentException)
        {
            return "is not a JSON Web Key Set; the expected format is '{\"keys\":[…]}'";
        }
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}

/// <summary>Fails the start of the service when the authentication settings are incomplete.</summary>
internal sealed class AccessOptionsValidation : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options) =>
        options.Problems().ToArray() is { Length: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
}
