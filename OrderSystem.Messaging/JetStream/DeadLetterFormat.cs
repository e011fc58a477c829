using System.Globalization;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>A dead letter on its stream: the original message, with the failure in additional headers.</summary>
public static class DeadLetterFormat
{
    /// <summary>Header: why it could not be processed.</summary>
    public const string Reason = "dead-letter-reason";

    /// <summary>Header: original subject.</summary>
    public const string OriginalSubject = "dead-letter-subject";

    /// <summary>Header: original stream.</summary>
    public const string OriginalStream = "dead-letter-stream";

    /// <summary>Header: sequence in the original stream.</summary>
    public const string OriginalSequence = "dead-letter-sequence";

    /// <summary>Header: consumer that could not process it.</summary>
    public const string Consumer = "dead-letter-consumer";

    /// <summary>Header: number of deliveries.</summary>
    public const string Deliveries = "dead-letter-deliveries";

    /// <summary>Header: when it became a dead letter.</summary>
    public const string At = "dead-letter-time";

    /// <summary>Header of a replayed message: sequence of its dead letter. Its earlier deliveries do not count.</summary>
    public const string ReplayOf = "dead-letter-replay-of";

    /// <summary>Header that holds the event's identity.</summary>
    public const string EventId = CloudEvent.Id;

    /// <summary>Header that holds the event's order.</summary>
    public const string OrderId = CloudEvent.Subject;

    /// <summary>Header that holds the event's type.</summary>
    public const string Type = CloudEvent.Type;

    /// <summary>Header that holds the trace in which the event was created.</summary>
    public const string TraceParent = CloudEvent.TraceParent;

    private const int LongestReason = 1_000;

    /// <summary>The headers of the original that are copied. Only these: others, such as Nats-* headers, command the server.</summary>
    public static IReadOnlyList<string> Copied { get; } =
    [
        CloudEvent.SpecVersion, CloudEvent.Id, CloudEvent.Source, CloudEvent.Type, CloudEvent.Subject, CloudEvent.Time,
        CloudEvent.OrderVersion, CloudEvent.ContentType, CloudEvent.TraceParent, CloudEvent.TraceState,
    ];

    /// <summary>The subjects of all dead letters.</summary>
    public const string AllSubjects = "dead-letters.>";

    /// <summary>The subjects of the dead letters of one order, whatever stream they come from.</summary>
    public static string OfOrder(Guid orderId) => $"dead-letters.*.{orderId}";

    /// <summary>The order id comes from a header and may be anything: only a UUID becomes part of the subject.</summary>
    internal static string SubjectOf(string stream, string? orderId) =>
        $"dead-letters.{stream}.{(Guid.TryParse(orderId, CultureInfo.InvariantCulture, out var id) ? id.ToString() : "none")}";

    /// <summary>A header is one line: a line break in an error message would corrupt it.</summary>
    internal static string OneLine(string reason)
    {
        var line = string.Concat(reason.Select(character => char.IsControl(character) ? ' ' : character)).Trim();
        return line.Length <= LongestReason ? line : line[..LongestReason];
    }
}
