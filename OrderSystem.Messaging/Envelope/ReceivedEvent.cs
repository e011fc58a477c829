using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.Messaging.Envelope;

/// <summary>An event with its envelope, as a handler gets it.</summary>
/// <typeparam name="TEvent">The body.</typeparam>
/// <param name="Envelope">Its envelope.</param>
/// <param name="Body">Its body.</param>
public sealed record ReceivedEvent<TEvent>(ReceivedEnvelope Envelope, TEvent Body)
    where TEvent : IOrderEvent;

/// <summary>The envelope of an event.</summary>
/// <param name="EventId">Id of the event, the same on each delivery: the inbox key.</param>
/// <param name="OrderId">Its order.</param>
/// <param name="Type">Its <c>ce-type</c>.</param>
/// <param name="Delivery">Number of deliveries to this consumer, from 1.</param>
/// <param name="StreamSequence">Its stream sequence.</param>
public sealed record ReceivedEnvelope(Guid EventId, Guid OrderId, string Type, int Delivery, ulong StreamSequence)
{
    /// <summary>When it happened; null when the envelope does not tell.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>Whether it was republished, re-driven or replayed: its message id is not the event id.</summary>
    public bool IsRepublished { get; init; }

    /// <summary>Reads the envelope, or tells what is wrong with it.</summary>
    internal static bool TryRead(
        INatsJSMsg<byte[]> message, [NotNullWhen(true)] out ReceivedEnvelope? envelope, [NotNullWhen(false)] out string? problem)
    {
        envelope = null;
        var headers = message.Headers;
        if (CloudEvent.Read(headers, CloudEvent.SpecVersion) is not "1.0")
            problem = $"header {CloudEvent.SpecVersion} is not 1.0";
        else if (CloudEvent.Read(headers, CloudEvent.ContentType) is not "application/json")
            problem = $"header {CloudEvent.ContentType} is not application/json";
        else if (!Guid.TryParse(CloudEvent.Read(headers, CloudEvent.Id), CultureInfo.InvariantCulture, out var eventId))
            problem = $"header {CloudEvent.Id} is not a UUID";
        else if (!Guid.TryParse(CloudEvent.Read(headers, CloudEvent.Subject), CultureInfo.InvariantCulture, out var orderId))
            problem = $"header {CloudEvent.Subject} is not the UUID of an order";
        else if (CloudEvent.Read(headers, CloudEvent.Type) is not { Length: > 0 } type)
            problem = $"header {CloudEvent.Type} is missing";
        else if (message.Metadata is not { } metadata)
            problem = "it was not delivered by JetStream";
        else
        {
            envelope = new(eventId, orderId, type, (int)metadata.NumDelivered, metadata.Sequence.Stream)
            {
                OccurredAt = DateTimeOffset.TryParse(
                    CloudEvent.Read(headers, CloudEvent.Time), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                    ? at
                    : null,
                IsRepublished = CloudEvent.Read(headers, CloudEvent.MessageId) != CloudEvent.Read(headers, CloudEvent.Id),
            };
            problem = null;
        }

        return envelope is not null;
    }

    /// <summary>Reads the body, or tells what is wrong with it.</summary>
    internal bool TryReadBody<TEvent>(
        byte[]? data, EventType type, [NotNullWhen(true)] out TEvent? body, [NotNullWhen(false)] out string? problem)
        where TEvent : class, IOrderEvent
    {
        body = null;
        problem = null;
        try
        {
            body = (TEvent?)JsonSerializer.Deserialize(data, type.Json);
        }
        catch (JsonException malformed)
        {
            problem = $"the body is not a {type.Name}: at {malformed.Path ?? "$"}, "
                + $"line {malformed.LineNumber}, byte {malformed.BytePositionInLine}";
            return false;
        }

        if (body is null)
            problem = $"the body is not a {type.Name}: it is null";
        else if (body.OrderId != OrderId)
            problem = $"the body is about order {body.OrderId}, its envelope about {OrderId}";
        return problem is null;
    }
}
