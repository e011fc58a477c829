namespace OrderSystem.Messaging.Contracts;

/// <summary>Something that happened to one order. Events of one order are numbered and take effect in that order.</summary>
public interface IOrderEvent
{
    /// <summary>The order that it happened to; also the <c>ce-subject</c>.</summary>
    Guid OrderId { get; }
}

/// <summary>An order is committed and waits to be paid.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="CustomerId">The customer, as the caller names them.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Total">What to charge, in units of the currency.</param>
/// <param name="Items">What was ordered.</param>
public sealed record OrderCreated(Guid OrderId, string CustomerId, string Currency, decimal Total, IReadOnlyList<OrderedItem> Items) : IOrderEvent;

/// <summary>One line of an order.</summary>
/// <param name="Sku">The article, as the caller names it.</param>
/// <param name="Quantity">Pieces.</param>
/// <param name="UnitPrice">Price of one piece, in units of the order's currency.</param>
public sealed record OrderedItem(string Sku, int Quantity, decimal UnitPrice);

/// <summary>A pending order is cancelled: it must not be charged, and what was charged is refunded.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record OrderCancelled(Guid OrderId, string? Reason = null) : IOrderEvent;

/// <summary>The provider charged the order.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Amount">What was charged, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ProviderReference">The charge at the provider.</param>
public sealed record PaymentSucceeded(Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ProviderReference) : IOrderEvent;

/// <summary>The provider declined to charge the order; nothing was charged.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Amount">What was asked for, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reason">The provider's reason.</param>
/// <param name="ProviderReference">The refused charge at the provider, where it has one.</param>
public sealed record PaymentDeclined(Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string Reason, string? ProviderReference = null) : IOrderEvent;

/// <summary>What was charged for a cancelled order was given back.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Amount">What was given back, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ProviderReference">The refund at the provider.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record PaymentRefunded(Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ProviderReference, string? Reason = null) : IOrderEvent;

/// <summary>Whether the order was charged cannot be found out by asking: a person has to look.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Reason">What is known.</param>
public sealed record PaymentReviewRequired(Guid OrderId, Guid PaymentId, string Reason) : IOrderEvent;
