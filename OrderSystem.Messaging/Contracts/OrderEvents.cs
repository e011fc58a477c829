using System.Text.Json.Serialization;

namespace OrderSystem.Messaging.Contracts;

/// <summary>A domain event about one order. Events of one order are versioned and processed in order.</summary>
public interface IOrderEvent
{
    /// <summary>The order; also the <c>ce-subject</c>.</summary>
    Guid OrderId { get; }
}

/// <summary>An order was placed and is pending.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="CustomerId">The customer's id at the client.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Total">Total to charge, in units of the currency.</param>
/// <param name="Items">Its lines.</param>
/// <param name="HasPaymentMethod">
/// Whether it is paid with a payment method of its own. The worker asks the order API for it: events do not carry it.
/// </param>
public sealed record OrderCreated(
    Guid OrderId, string CustomerId, string Currency, decimal Total, IReadOnlyList<OrderedItem> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool HasPaymentMethod = false) : IOrderEvent;

/// <summary>One line of an order.</summary>
/// <param name="Sku">The article's id at the client.</param>
/// <param name="Quantity">Pieces.</param>
/// <param name="UnitPrice">Price of one piece, in units of the order's currency.</param>
public sealed record OrderedItem(string Sku, int Quantity, decimal UnitPrice);

/// <summary>A pending order was cancelled: it must not be charged, and a charge is refunded.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Reason, for people.</param>
public sealed record OrderCancelled(Guid OrderId, string? Reason = null) : IOrderEvent;

/// <summary>A part of a paid order, or all of it, is to be refunded.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="RefundId">The refund; the key at the provider is derived from it.</param>
/// <param name="Amount">Amount to refund, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reason">Reason, for people.</param>
public sealed record RefundRequested(
    Guid OrderId, Guid RefundId, decimal Amount, string Currency, string? Reason = null) : IOrderEvent;

/// <summary>The provider charged the order.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Amount">Charged amount, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ProviderReference">The charge at the provider.</param>
public sealed record PaymentSucceeded(
    Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ProviderReference) : IOrderEvent;

/// <summary>The provider declined to charge the order; nothing was charged.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Amount">Requested amount, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reason">The provider's reason.</param>
/// <param name="ProviderReference">The declined charge at the provider, if it has an id.</param>
public sealed record PaymentDeclined(
    Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string Reason, string? ProviderReference = null) : IOrderEvent;

/// <summary>The charge of a cancelled order was refunded.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Amount">Refunded amount, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ProviderReference">The refund at the provider.</param>
/// <param name="Reason">Reason, for people.</param>
public sealed record PaymentRefunded(
    Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string ProviderReference, string? Reason = null) : IOrderEvent;

/// <summary>
/// A part of the charge of a paid order, or all of it, was given back. That of a cancelled order is a <see cref="PaymentRefunded"/>.
/// </summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="RefundId">The refund: the requested one, or one derived from the provider's id when it was made there.</param>
/// <param name="Amount">Refunded amount, in units of the currency.</param>
/// <param name="RefundedTotal">What was refunded of the charge until now, this refund included.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="ProviderReference">The refund or the dispute at the provider.</param>
/// <param name="Source">Who asked for it.</param>
/// <param name="Reason">Reason, for people.</param>
public sealed record ChargeRefunded(
    Guid OrderId, Guid PaymentId, Guid RefundId, decimal Amount, decimal RefundedTotal, string Currency, string ProviderReference,
    RefundSource Source, string? Reason = null) : IOrderEvent;

/// <summary>Who asked for a refund.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RefundSource>))]
public enum RefundSource
{
    /// <summary>A client of the order API.</summary>
    [JsonStringEnumMemberName("request")]
    Request,

    /// <summary>A person at the provider's own console.</summary>
    [JsonStringEnumMemberName("provider")]
    Provider,

    /// <summary>The holder of the card, whose bank took the money back.</summary>
    [JsonStringEnumMemberName("chargeback")]
    Chargeback,
}

/// <summary>A requested refund can never be made; nothing was refunded by it.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="RefundId">The refund.</param>
/// <param name="Amount">Requested amount, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reason">Reason, for people.</param>
public sealed record RefundFailed(
    Guid OrderId, Guid PaymentId, Guid RefundId, decimal Amount, string Currency, string Reason) : IOrderEvent;

/// <summary>The outcome of a payment is unknown and cannot be found out automatically: manual review.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment at the worker.</param>
/// <param name="Reason">Reason, for people.</param>
public sealed record PaymentReviewRequired(Guid OrderId, Guid PaymentId, string Reason) : IOrderEvent;
