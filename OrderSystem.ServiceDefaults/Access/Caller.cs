using System.Security.Claims;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>Who asks.</summary>
public static class Caller
{
    private const int MaxLength = 255;

    /// <summary>
    /// The client that the token was given to: <c>client_id</c> (RFC 9068), else <c>azp</c>, else <c>sub</c>. Null when the token does not say, or says
    /// something that is no name.
    /// </summary>
    public static string? ClientId(this ClaimsPrincipal caller)
    {
        var name = caller.FindFirst("client_id")?.Value ?? caller.FindFirst("azp")?.Value ?? caller.FindFirst("sub")?.Value;
        return name is { Length: > 0 and <= MaxLength } && !name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name : null;
    }
}
