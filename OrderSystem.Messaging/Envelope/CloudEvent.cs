using System.Diagnostics;
using System.Globalization;
using NATS.Client.Core;

namespace OrderSystem.Messaging.Envelope;

/// <summary>CloudEvents 1.0 in binary mode: the attributes are headers, the body is the data.</summary>
internal static class CloudEvent
{
    internal const string SpecVersion = "ce-specversion";
    internal const string Id = "ce-id";
    internal const string Source = "ce-source";
    internal const string Type = "ce-type";
    internal const string Subject = "ce-subject";
    internal const string Time = "ce-time";

    /// <summary>Extension attribute: number of the event among those of its source about the order.</summary>
    internal const string OrderVersion = "ce-orderversion";

    /// <summary>JetStream's deduplication key; not part of the envelope.</summary>
    internal const string MessageId = "Nats-Msg-Id";

    internal const string ContentType = "content-type";
    internal const string TraceParent = "traceparent";
    internal const string TraceState = "tracestate";

    /// <summary>Writes the envelope. The trace context is the one in which the event was created, the same on every publish.</summary>
    internal static NatsHeaders ToHeaders(StoredEvent stored, EventSource source)
    {
        var headers = new NatsHeaders
        {
            [SpecVersion] = "1.0",
            [Id] = stored.EventId.ToString(),
            [Source] = source.Uri,
            [Type] = stored.Type.Name,
            [Subject] = stored.OrderId.ToString(),
            [Time] = stored.OccurredAt.ToString("O", CultureInfo.InvariantCulture),
            [OrderVersion] = stored.Version.ToString(CultureInfo.InvariantCulture),
            [ContentType] = "application/json",
        };
        if (stored.TraceParent is { } traceParent)
            headers[TraceParent] = traceParent;
        if (stored.TraceState is { } traceState)
            headers[TraceState] = traceState;
        return headers;
    }

    /// <summary>Reads the trace context in which the event was created; default when it is missing or invalid.</summary>
    internal static ActivityContext ReadCreationContext(NatsHeaders? headers)
    {
        ActivityContext.TryParse(Read(headers, TraceParent), Read(headers, TraceState), isRemote: true, out var context);
        return context;
    }

    internal static string? Read(NatsHeaders? headers, string name) =>
        headers is not null && headers.TryGetLastValue(name, out var value) ? value : null;
}
