using System.Security.Claims;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>The authenticated caller of a request.</summary>
public static class Caller
{
    private const int MaxLength = 255;

    /// <summary>
    /// The client that the token was issued to: <c>client_id</c> (RFC 9068), else <c>azp</c>, else <c>sub</c>. Null when the token has none
    /// of these, or when the claim is not 1 to 255 printable ASCII characters without spaces.
    /// </summary>
    public static string? ClientId(this ClaimsPrincipal caller)
    {
        var name = caller.FindFirst("client_id")?.Value ?? caller.FindFirst("azp")?.Value ?? caller.FindFirst("sub")?.Value;
        return name is { Length: > 0 and <= MaxLength } && !name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name : null;
    }
}
