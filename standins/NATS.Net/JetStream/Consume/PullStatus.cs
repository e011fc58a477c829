using System.Globalization;
using NATS.Client.Core;

namespace NATS.Client.JetStream;

/// <summary>What a status message of the server means for a pull.</summary>
internal enum PullOutcome
{
    /// <summary>The server is there and has nothing.</summary>
    Heartbeat,

    /// <summary>A request is over; what it did not deliver is free to be asked for again.</summary>
    RequestEnded,

    /// <summary>A request is over, and the next one should wait a moment.</summary>
    Retry,

    /// <summary>Nobody answers for the consumer.</summary>
    NoResponders,

    /// <summary>No request can succeed any more.</summary>
    Fatal,

    Unknown,
}

internal static class PullStatus
{
    public static PullOutcome Classify(NatsHeaders status)
    {
        var text = status.MessageText;
        return status.Code switch
        {
            100 => PullOutcome.Heartbeat,
            404 or 408 => PullOutcome.RequestEnded,
            400 => PullOutcome.Fatal,
            503 => PullOutcome.NoResponders,
            409 when Is(text, "Batch Completed") || Is(text, "Message Size Exceeds MaxBytes") => PullOutcome.RequestEnded,
            409 when Is(text, "Leadership Change") || Is(text, "Server Shutdown") || Is(text, "Exceeded MaxWaiting") => PullOutcome.Retry,
            409 when Is(text, "Consumer Deleted") || Is(text, "Consumer is push based") || Is(text, "Exceeded MaxRequest") => PullOutcome.Fatal,
            _ => PullOutcome.Unknown,
        };
    }

    public static NatsJSProtocolException ToException(NatsHeaders status) =>
        new(status.Code, status.Message, status.Code == 503 && status.MessageText.Length == 0 ? "No Responders" : status.MessageText);

    /// <returns>Null when nobody needs to hear of it.</returns>
    public static INatsJSNotification? ToNotification(NatsHeaders status) => status.Code switch
    {
        100 or 404 or 408 => null,
        503 => NatsJSNoRespondersNotification.Default,
        409 when Is(status.MessageText, "Leadership Change") => NatsJSLeadershipChangeNotification.Default,
        409 when Is(status.MessageText, "Message Size Exceeds MaxBytes") => NatsJSMessageSizeExceedsMaxBytesNotification.Default,
        409 when Is(status.MessageText, "Batch Completed") => null,
        _ => new NatsJSProtocolNotification("Unhandled header", status.Code, status.MessageText),
    };

    /// <summary>How much of the request was not delivered; -1 when the server does not say.</summary>
    public static long Undelivered(NatsHeaders status, string header) =>
        status.TryGetLastValue(header, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private static bool Is(string text, string start) => text.StartsWith(start, StringComparison.OrdinalIgnoreCase);
}
