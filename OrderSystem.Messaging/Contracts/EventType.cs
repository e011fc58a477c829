using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;

namespace OrderSystem.Messaging.Contracts;

/// <summary>The wire names of an event. They are written out here, once, and never taken from CLR names.</summary>
public sealed record EventType
{
    private const string VersionMark = ".v";

    private EventType(string name, string subject, JsonTypeInfo json) => (Name, Subject, Json) = (name, subject, json);

    /// <summary>The <c>ce-type</c>: the subject and the version of the body.</summary>
    public string Name { get; }

    /// <summary>The NATS subject.</summary>
    public string Subject { get; }

    /// <summary>How the body is read and written.</summary>
    public JsonTypeInfo Json { get; }

    /// <summary>Every event there is.</summary>
    public static IReadOnlyList<EventType> All { get; } =
    [
        new("orders.created.v1", "orders.created", EventJson.Default.OrderCreated),
        new("orders.cancelled.v1", "orders.cancelled", EventJson.Default.OrderCancelled),
        new("orders.refund_requested.v1", "orders.refund_requested", EventJson.Default.RefundRequested),
        new("payments.succeeded.v1", "payments.succeeded", EventJson.Default.PaymentSucceeded),
        new("payments.declined.v1", "payments.declined", EventJson.Default.PaymentDeclined),
        new("payments.refunded.v1", "payments.refunded", EventJson.Default.PaymentRefunded),
        new("payments.refunded.v2", "payments.refunded", EventJson.Default.ChargeRefunded),
        new("payments.refund_failed.v1", "payments.refund_failed", EventJson.Default.RefundFailed),
        new("payments.review.v1", "payments.review", EventJson.Default.PaymentReviewRequired),
    ];

    private static readonly FrozenDictionary<Type, EventType> ByClrType = All.ToFrozenDictionary(type => type.Json.Type);
    private static readonly FrozenDictionary<string, EventType> ByName = All.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>The wire names of <typeparamref name="TEvent"/>.</summary>
    /// <exception cref="KeyNotFoundException">The event is not in the table above.</exception>
    public static EventType Of<TEvent>()
        where TEvent : IOrderEvent => ByClrType[typeof(TEvent)];

    /// <summary>The event with this <c>ce-type</c>, or null when there is none.</summary>
    public static EventType? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>
    /// Whether this <c>ce-type</c> is a version of a known event that comes after all that are known here: a later release sends it.
    /// </summary>
    public static bool IsNewer(string name) =>
        Find(name) is null
        && name.LastIndexOf(VersionMark, StringComparison.Ordinal) is > 0 and var mark
        && VersionOf(name, mark) is { } version
        && All.Where(type => name.AsSpan(0, mark).SequenceEqual(type.Subject)).Select(type => VersionOf(type.Name, mark)).Max() < version;

    private static int? VersionOf(string name, int mark) =>
        int.TryParse(name.AsSpan(mark + VersionMark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : null;
}
