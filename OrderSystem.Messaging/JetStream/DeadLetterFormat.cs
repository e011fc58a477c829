using System.Globalization;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>How a dead letter looks on its stream: the event as it was, and what is known about its failure in headers beside it.</summary>
public static class DeadLetterFormat
{
    /// <summary>Why it could not be processed.</summary>
    public const string Reason = "dead-letter-reason";

    /// <summary>Subject that it was published to.</summary>
    public const string OriginalSubject = "dead-letter-subject";

    /// <summary>Stream that it was taken from.</summary>
    public const string OriginalStream = "dead-letter-stream";

    /// <summary>Its sequence in that stream.</summary>
    public const string OriginalSequence = "dead-letter-sequence";

    /// <summary>Consumer that could not process it.</summary>
    public const string Consumer = "dead-letter-consumer";

    /// <summary>How often that consumer was given it.</summary>
    public const string Deliveries = "dead-letter-deliveries";

    /// <summary>When it was given up.</summary>
    public const string At = "dead-letter-time";

    /// <summary>On a message that was replayed: the sequence of the dead letter that it was. Attempts of an earlier life do not count against it.</summary>
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

    /// <summary>The headers of the event that are kept. Only these: a producer must not reach another stream with headers that command the server.</summary>
    public static IReadOnlyList<string> Copied { get; } =
    [
        CloudEvent.SpecVersion, CloudEvent.Id, CloudEvent.Source, CloudEvent.Type, CloudEvent.Subject, CloudEvent.Time, CloudEvent.OrderVersion,
        CloudEvent.ContentType, CloudEvent.TraceParent, CloudEvent.TraceState,
    ];

    /// <summary>The subjects of all dead letters.</summary>
    public const string AllSubjects = "dead-letters.>";

    /// <summary>The subjects of the dead letters of one order, whatever stream they come from.</summary>
    public static string OfOrder(Guid orderId) => $"dead-letters.*.{orderId}";

    /// <summary>What it says in place of an order's id is no part of the subject, unless it is one.</summary>
    internal static string SubjectOf(string stream, string? orderId) =>
        $"dead-letters.{stream}.{(Guid.TryParse(orderId, CultureInfo.InvariantCulture, out var id) ? id.ToString() : "none")}";

    /// <summary>A header is one line: an error message with several would end it, and the letter could never be kept.</summary>
    internal static string OneLine(string reason)
    {
        var line = string.Concat(reason.Select(character => char.IsControl(character) ? ' ' : character)).Trim();
        return line.Length <= LongestReason ? line : line[..LongestReason];
    }
}
