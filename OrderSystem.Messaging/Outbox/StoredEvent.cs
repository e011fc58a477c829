using System.Diagnostics;
using System.Text.Json;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.Messaging.Outbox;

/// <summary>An event as the ledger keeps it, and as the relay publishes it: the same bytes each time.</summary>
/// <param name="EventId">Identity of the event: <c>ce-id</c>, <c>Nats-Msg-Id</c> and key of the consumer's inbox.</param>
/// <param name="OrderId">The order that it belongs to.</param>
/// <param name="Version">Its place among the events that this service made of the order, from 1.</param>
/// <param name="Type">Wire name and subject.</param>
/// <param name="Payload">The JSON body, UTF-8.</param>
/// <param name="TraceParent">W3C context in which it was created, or null.</param>
/// <param name="TraceState">W3C trace state of the same, or null.</param>
/// <param name="OccurredAt">When it was created.</param>
public sealed record StoredEvent(
    Guid EventId, Guid OrderId, int Version, EventType Type, byte[] Payload, string? TraceParent, string? TraceState, DateTimeOffset OccurredAt)
{
    /// <summary>The largest <see cref="Payload"/> that the streams take, with room for its headers.</summary>
    public const int MaxPayload = 60 * 1024;

    /// <summary>What W3C asks to be passed on. It comes from outside: a longer one could make the event one that no stream takes.</summary>
    private const int MaxTraceState = 512;

    /// <summary>
    /// 0, or the Unix second in which the event was queued again. It makes the message id a new one: the stream would swallow the old one for as long as its
    /// duplicate window. What is queued twice within a second is sent once.
    /// </summary>
    internal int Emission { get; init; }

    /// <summary>The <c>Nats-Msg-Id</c>: the event's own id, unless the event is sent again on purpose.</summary>
    internal string MessageId => Emission == 0 ? EventId.ToString() : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{EventId}.{Emission}");

    /// <summary>Makes the event ready to be stored, in the trace that is current.</summary>
    /// <param name="body">What happened.</param>
    /// <param name="version">1 for the first event that this service makes of the order.</param>
    /// <param name="now">When it happened.</param>
    public static StoredEvent Create<TEvent>(TEvent body, int version, DateTimeOffset now)
        where TEvent : IOrderEvent
    {
        var type = EventType.Of<TEvent>();
        return new(
            Guid.CreateVersion7(now), body.OrderId, version, type, JsonSerializer.SerializeToUtf8Bytes(body, type.Json),
            Activity.Current?.Id, Activity.Current?.TraceStateString is { Length: <= MaxTraceState } state ? state : null, now);
    }

    /// <summary>The first event of an order can be published from memory: none can be waiting before it.</summary>
    internal bool IsFirst => Version == 1;
}
