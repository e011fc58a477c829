using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>A dead letter as operators see it.</summary>
internal sealed record DeadLetter(
    ulong Sequence, DateTimeOffset At, string Reason, int Deliveries,
    string Stream, string Consumer, string Subject, ulong OriginalSequence,
    string? Type, Guid? EventId, Guid? OrderId, string? TraceId)
{
    /// <summary>Set only when a single letter is shown.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The body, when it is JSON and a single letter is shown.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The body, when it is not JSON and a single letter is shown.</summary>
    public string? BodyBase64 { get; init; }

    /// <summary>Recorded operator actions, when a single letter is shown.</summary>
    public IReadOnlyList<DeadLetterAction>? Actions { get; init; }

    /// <summary>The message on stream DEAD_LETTERS.</summary>
    [JsonIgnore]
    public StreamMessage Message { get; private init; } = null!;

    internal static DeadLetter Read(StreamMessage message)
    {
        return new(
            message.Sequence,
            DateTimeOffset.TryParse(
                Header(DeadLetterFormat.At), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? at
                : message.Time,
            Header(DeadLetterFormat.Reason) ?? "unknown",
            int.TryParse(Header(DeadLetterFormat.Deliveries), CultureInfo.InvariantCulture, out var deliveries) ? deliveries : 0,
            Header(DeadLetterFormat.OriginalStream) ?? string.Empty,
            Header(DeadLetterFormat.Consumer) ?? string.Empty,
            Header(DeadLetterFormat.OriginalSubject) ?? string.Empty,
            ulong.TryParse(Header(DeadLetterFormat.OriginalSequence), CultureInfo.InvariantCulture, out var sequence) ? sequence : 0,
            Header(DeadLetterFormat.Type),
            Guid.TryParse(Header(DeadLetterFormat.EventId), CultureInfo.InvariantCulture, out var eventId) ? eventId : null,
            Guid.TryParse(Header(DeadLetterFormat.OrderId), CultureInfo.InvariantCulture, out var orderId) ? orderId : null,
            ActivityContext.TryParse(Header(DeadLetterFormat.TraceParent), null, out var trace) ? trace.TraceId.ToHexString() : null)
        {
            Message = message,
        };

        string? Header(string name) => message.Headers.TryGetLastValue(name, out var value) ? value : null;
    }

    /// <summary>Adds headers, body and recorded actions.</summary>
    internal DeadLetter InFull(IReadOnlyList<DeadLetterAction> actions)
    {
        var data = Message.Data;
        var full = this with
        {
            Headers = Message.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.Ordinal),
            Actions = actions,
        };
        try
        {
            return full with { Body = JsonSerializer.Deserialize(data, DeadLettersJson.Default.JsonElement) };
        }
        catch (JsonException)
        {
            return full with { BodyBase64 = Convert.ToBase64String(data) };
        }
    }
}

/// <summary>Selects dead letters; a null condition matches every letter.</summary>
internal sealed record DeadLetterFilter(
    string? Stream = null, string? Consumer = null, string? Type = null, Guid? OrderId = null, DateTimeOffset? Since = null)
{
    internal bool IsEmpty => this == new DeadLetterFilter();

    internal bool Matches(DeadLetter letter) =>
        (Stream is null || letter.Stream == Stream)
        && (Consumer is null || letter.Consumer == Consumer) && (Type is null || letter.Type == Type)
        && (OrderId is null || letter.OrderId == OrderId) && (Since is null || letter.At >= Since);
}
