using System.Security.Claims;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Which orders a caller may see and cancel. For any other client an order does not exist.</summary>
internal static class OwnOrders
{
    /// <summary>The client that must own the orders; null for an operator, who may see all of them.</summary>
    internal static string? OwnerFilter(this ClaimsPrincipal caller) => caller.Has(Scopes.Operate) ? null : caller.RequiredClientId();

    /// <summary>The client that will own the order or the key. The authorization policy guarantees that there is one.</summary>
    internal static string RequiredClientId(this ClaimsPrincipal caller) =>
        caller.ClientId() ?? throw new InvalidOperationException("A route of orders lacks its authorization policy.");
}
