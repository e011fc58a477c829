using System.Security.Claims;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Whose orders a caller may see and cancel. To everybody else an order does not exist.</summary>
internal static class OwnOrders
{
    /// <summary>The client whose orders they must be; null for an operator, who sees all of them.</summary>
    internal static string? OnlyOf(this ClaimsPrincipal caller) => caller.Has(Scopes.Operate) ? null : caller.RequiredClientId();

    /// <summary>The client that the order or the key will belong to. The policies let nobody come here without one.</summary>
    internal static string RequiredClientId(this ClaimsPrincipal caller) => caller.ClientId() ?? throw new InvalidOperationException("A route of orders lacks its policy.");
}
