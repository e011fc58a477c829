using System.Security.Claims;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>OAuth scopes of this system. The authorization policy that requires a scope has the same name.</summary>
public static class Scopes
{
    /// <summary>Read orders.</summary>
    public const string Read = "orders.read";

    /// <summary>Place and cancel orders.</summary>
    public const string Write = "orders.write";

    /// <summary>Operate the system, and read the orders of every client.</summary>
    public const string Operate = "orders.ops";

    /// <summary>Read the payment methods of orders: for the payment worker alone. No other scope includes it.</summary>
    public const string PaymentMethods = "orders.payment-methods";

    internal static readonly string[] All = [Read, Write, Operate, PaymentMethods];

    /// <summary>
    /// Whether the token has the scope, in <c>scope</c> (RFC 8693) or <c>scp</c> (some providers), as a list or separated by spaces.
    /// </summary>
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
