using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Whose tokens are accepted: those of an OpenID provider, or those of known keys. It is the section that ASP.NET Core reads by itself, and the
/// keys. There is no setting that lets everybody in, in any environment.
/// </summary>
internal sealed class AccessOptions
{
    private const string Scheme = "Authentication:Schemes:Bearer";

    /// <summary>The address of the provider.</summary>
    internal string? Authority { get; private set; }

    /// <summary>Where it describes itself and its keys (OpenID Connect Discovery).</summary>
    internal string? MetadataAddress { get; private set; }

    /// <summary>The keys, a JSON Web Key Set (RFC 7517), where no provider publishes them.</summary>
    internal string? Jwks { get; private set; }

    internal bool MustBeHttps { get; private set; }

    internal bool HasAudience { get; private set; }

    internal bool HasIssuer { get; private set; }

    internal IList<SecurityKey> SigningKeys => Jwks is null ? [] : new JsonWebKeySet(Jwks).GetSigningKeys();

    internal void Read(IConfiguration configuration)
    {
        var scheme = configuration.GetSection(Scheme);
        var authority = Text(scheme["Authority"]);
        MetadataAddress = Text(scheme["MetadataAddress"]) ?? (authority is null ? null : $"{authority.TrimEnd('/')}/.well-known/openid-configuration");
        Authority = Text(scheme["MetadataAddress"]) ?? authority;
        Jwks = Text(configuration["Authentication:Jwks"]);
        MustBeHttps = !string.Equals(scheme["RequireHttpsMetadata"], "false", StringComparison.OrdinalIgnoreCase);
        HasAudience = IsSet("ValidAudience");
        HasIssuer = IsSet("ValidIssuer");

        // The value, or a list of them.
        bool IsSet(string name) => Text(scheme[name]) is not null || scheme.GetSection($"{name}s").GetChildren().Any(entry => Text(entry.Value) is not null);
    }

    /// <summary>What is wrong, each with what to do about it.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Authority is null && Jwks is null)
        {
            yield return "Authentication__Schemes__Bearer__Authority is not set; set it to the OpenID provider whose tokens are accepted, for example to 'https://login.example.com/', "
                + "or Authentication__Jwks to the public keys that tokens are signed with.";
            yield break;
        }

        if (Authority is not null && !(Uri.TryCreate(Authority, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || (!MustBeHttps && address.Scheme == Uri.UriSchemeHttp))))
            yield return "Authentication__Schemes__Bearer__Authority must be an https address, or whoever stands between could say which keys are good.";
        if (!HasAudience)
            yield return "Authentication__Schemes__Bearer__ValidAudience is not set; set it to the audience of the tokens that are meant for this system, for example to 'ordersystem'.";
        if (Authority is null && !HasIssuer)
            yield return "Authentication__Schemes__Bearer__ValidIssuer is not set; set it to the issuer of the tokens that the keys of Authentication__Jwks sign.";
        if (ProblemOfKeys() is { } problem)
            yield return $"Authentication__Jwks {problem}.";
    }

    private string? ProblemOfKeys()
    {
        try
        {
            return Jwks is null ? null
                : new JsonWebKeySet(Jwks).Keys is not { Count: > 0 } keys ? "holds no key; it looks like '{\"keys\":[…]}'"
                : keys.Any(key => key.D is not null || key.K is not null) ? "must hold public keys only: who can check tokens must not be able to make them"
                : null;
        }
        catch (ArgumentException)
        {
            return "is no JSON Web Key Set; it looks like '{\"keys\":[…]}'";
        }
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}

/// <summary>Makes the service's start wait for settings that are complete.</summary>
internal sealed class AccessOptionsValidation : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options) =>
        options.Problems().ToArray() is { Length: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
}
