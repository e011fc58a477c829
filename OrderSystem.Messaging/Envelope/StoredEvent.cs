using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.Messaging.Envelope;

/// <summary>An event in the ledger. The relay publishes the same bytes each time.</summary>
/// <param name="EventId">Id of the event: <c>ce-id</c>, <c>Nats-Msg-Id</c> and key of the consumer's inbox.</param>
/// <param name="OrderId">Its order.</param>
/// <param name="Version">Number among the events of this service about the order, from 1; 0 until the statement that stores it
/// has numbered it.</param>
/// <param name="Type">Wire name and subject.</param>
/// <param name="Payload">The JSON body, UTF-8.</param>
/// <param name="TraceParent">W3C trace context in which it was created, or null.</param>
/// <param name="TraceState">W3C trace state of the same, or null.</param>
/// <param name="OccurredAt">When it was created.</param>
public sealed record StoredEvent(
    Guid EventId, Guid OrderId, int Version, EventType Type, byte[] Payload,
    string? TraceParent, string? TraceState, DateTimeOffset OccurredAt)
{
    /// <summary>Largest <see cref="Payload"/> in bytes that the streams accept, with room for headers.</summary>
    public const int MaxPayload = 60 * 1024;

    /// <summary>
    /// Length that W3C requires to be propagated. The value comes from the caller: a longer one could exceed the
    /// message size of the stream.
    /// </summary>
    private const int MaxTraceState = 512;

    /// <summary>
    /// 0, or the Unix second in which the event was republished. It makes a new message id: within its duplicate window the stream would
    /// drop the old one as a duplicate. An event that is republished twice within a second is published once.
    /// </summary>
    internal int RepublishStamp { get; init; }

    /// <summary>The <c>Nats-Msg-Id</c>: the event id, with the stamp if the event was republished.</summary>
    internal string MessageId =>
        RepublishStamp == 0 ? EventId.ToString() : string.Create(CultureInfo.InvariantCulture, $"{EventId}.{RepublishStamp}");

    /// <summary>Creates an event in the current trace.</summary>
    /// <param name="body">What happened.</param>
    /// <param name="version">1 for the first event of this service about the order.</param>
    /// <param name="now">When it happened.</param>
    public static StoredEvent Create<TEvent>(TEvent body, int version, DateTimeOffset now)
        where TEvent : IOrderEvent
    {
        var type = EventType.Of<TEvent>();
        return new(
            Guid.CreateVersion7(now), body.OrderId, version, type, JsonSerializer.SerializeToUtf8Bytes(body, type.Json),
            Activity.Current?.Id, Activity.Current?.TraceStateString is { Length: <= MaxTraceState } state ? state : null, now);
    }

    /// <summary>Creates an event whose version the statement assigns that stores it.</summary>
    public static StoredEvent CreateUnnumbered<TEvent>(TEvent body, DateTimeOffset now)
        where TEvent : IOrderEvent => Create(body, version: 0, now);

    /// <summary>The first event of an order may be published from memory: no earlier one can be waiting.</summary>
    internal bool IsFirst => Version == 1;
}
