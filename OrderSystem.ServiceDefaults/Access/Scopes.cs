using System.Security.Claims;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>What a token may allow. Policies of the same names ask for them.</summary>
public static class Scopes
{
    /// <summary>See orders.</summary>
    public const string Read = "orders.read";

    /// <summary>Place and cancel orders.</summary>
    public const string Write = "orders.write";

    /// <summary>Operate the system, and see the orders of every client.</summary>
    public const string Operate = "orders.ops";

    internal static readonly string[] All = [Read, Write, Operate];

    /// <summary>Whether the token has the scope: in <c>scope</c> (RFC 8693), or in <c>scp</c> as some providers call it; a list, or words in one text.</summary>
    public static bool Has(this ClaimsPrincipal caller, string scope)
    {
        foreach (var claim in caller.Claims)
        {
            if (claim.Type is not ("scope" or "scp"))
                continue;
            foreach (var word in claim.Value.AsSpan().Split(' '))
            {
                if (claim.Value.AsSpan(word).SequenceEqual(scope))
                    return true;
            }
        }

        return false;
    }
}
