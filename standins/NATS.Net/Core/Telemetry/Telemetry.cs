using System.Diagnostics;

namespace NATS.Client.Core;

/// <summary>Spans of the source <c>NATS.Net</c>. Every caller asks <see cref="HasListeners"/> first, so that nobody listening costs one comparison.</summary>
internal static class Telemetry
{
    private const string Inbox = "inbox";
    private static readonly ActivitySource Source = new("NATS.Net");

    public static bool HasListeners => Source.HasListeners();

    public static Activity? StartPublish(string subject, string? replyTo, NatsHeaders? headers, INatsConnection connection)
    {
        var context = new NatsInstrumentationContext(subject, headers, replyTo, null, null, null, connection, Activity.Current?.Context ?? default);
        return Start(ActivityKind.Producer, "publish", context, default);
    }

    public static Activity? StartSubscribe(string subject, string? queueGroup, INatsConnection connection)
    {
        var context = new NatsInstrumentationContext(subject, null, null, queueGroup, null, null, connection, Activity.Current?.Context ?? default);
        return Start(ActivityKind.Client, "subscribe", context, default);
    }

    /// <summary>The caller puts the returned headers on the wire.</summary>
    public static void Inject(Activity activity, ref NatsHeaders? headers)
    {
        headers ??= new NatsHeaders();
        DistributedContextPropagator.Current.Inject(
            activity, headers, static (carrier, key, value) => ((NatsHeaders)carrier!).SetTraceField(key, value));
    }

    public static Activity? StartReceive(
        ref NatsHeaders? headers, string subject, string subscription, string? queueGroup, string? replyTo, long bodySize, long size, INatsConnection? connection, ActivityContext request)
    {
        var parent = request;
        if (headers is not null && TryExtract(headers, out var extracted))
            parent = extracted;

        var context = new NatsInstrumentationContext(subject, headers, replyTo, queueGroup, bodySize, size, connection, parent);

        // The read loop is nobody's ambient context: the span is taken off it again.
        var ambient = Activity.Current;
        Activity.Current = null;
        var activity = Start(ActivityKind.Consumer, "receive", context, parent);
        Activity.Current = ambient;
        if (activity is null)
            return null;

        activity.SetTag("messaging.destination.template", Collapse(subscription, connection));
        activity.SetTag("messaging.destination.temporary", IsInbox(subscription, connection));
        activity.SetTag("messaging.destination_publish.name", Collapse(subject, connection));
        activity.SetTag("messaging.nats.message.subject", Collapse(subject, connection));
        headers ??= new NatsHeaders();
        headers.Activity = activity;
        return activity;
    }

    public static Activity? StartBelow(NatsHeaders? headers, string name, IEnumerable<KeyValuePair<string, object?>>? tags) =>
        Source.HasListeners() ? Source.StartActivity(name, ActivityKind.Internal, headers.GetActivityContext(), tags) : null;

    public static void Fail(Activity? activity, Exception exception)
    {
        if (activity is null)
            return;
        activity.SetStatus(ActivityStatusCode.Error, exception.Message);
        activity.AddException(exception);
    }

    private static Activity? Start(ActivityKind kind, string operation, in NatsInstrumentationContext context, ActivityContext parent)
    {
        if (!Allowed(context))
            return null;

        var destination = Collapse(context.Subject, context.Connection);
        var activity = Source.CreateActivity($"{TwoTokens(destination)} {operation}", kind, parent);
        if (activity is null)
            return null;
        activity.Start();
        if (!activity.IsAllDataRequested)
            return activity;

        activity.SetTag("messaging.system", "nats");
        activity.SetTag("messaging.operation", operation);
        activity.SetTag("messaging.destination.name", destination);
        if (context.ReplyTo is not null)
            activity.SetTag("messaging.nats.message.reply_to", Collapse(context.ReplyTo, context.Connection));
        if (context.BodySize is { } bodySize)
            activity.SetTag("messaging.message.body.size", bodySize);
        if (context.Size is { } size)
            activity.SetTag("messaging.message.envelope.size", size);
        if (context.QueueGroup is not null)
            activity.SetTag("messaging.consumer.group.name", context.QueueGroup);
        AddServerTags(activity, context.Connection);
        Enrich(activity, context);
        return activity;
    }

    private static void AddServerTags(Activity activity, INatsConnection? connection)
    {
        if (connection?.ServerInfo is not { } server)
            return;
        activity.SetTag("messaging.client_id", server.ClientId);
        activity.SetTag("server.address", server.Host);
        activity.SetTag("server.port", server.Port);
        activity.SetTag("network.protocol.name", "nats");
        activity.SetTag("network.transport", "tcp");
        activity.SetTag("network.peer.address", server.Host);
        activity.SetTag("network.peer.port", server.Port);
        activity.SetTag("network.local.address", server.ClientIp);
    }

#pragma warning disable CA1031 // Instrumentation never breaks what it measures.
    private static bool Allowed(in NatsInstrumentationContext context)
    {
        try
        {
            return NatsInstrumentationOptions.Default.Filter?.Invoke(context) ?? true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static void Enrich(Activity activity, in NatsInstrumentationContext context)
    {
        try
        {
            NatsInstrumentationOptions.Default.Enrich?.Invoke(activity, context);
        }
        catch (Exception)
        {
            // Whatever it had set before stays.
        }
    }
#pragma warning restore CA1031

    private static bool TryExtract(NatsHeaders headers, out ActivityContext parent)
    {
        DistributedContextPropagator.Current.ExtractTraceIdAndState(
            headers,
            static (object? carrier, string name, out string? value, out IEnumerable<string>? values) =>
            {
                values = null;
                ((NatsHeaders)carrier!).TryGetLastValue(name, out value);
            },
            out var traceParent,
            out var traceState);
        return ActivityContext.TryParse(traceParent, traceState, isRemote: true, out parent);
    }

    private static bool IsInbox(string subject, INatsConnection? connection)
    {
        var prefix = connection?.Opts.InboxPrefix ?? "_INBOX";
        return subject.Length > prefix.Length && subject[prefix.Length] == '.' && subject.StartsWith(prefix, StringComparison.Ordinal);
    }

    private static string Collapse(string subject, INatsConnection? connection) => IsInbox(subject, connection) ? Inbox : subject;

    /// <summary>Keeps the span name of low cardinality.</summary>
    private static ReadOnlySpan<char> TwoTokens(string subject)
    {
        var first = subject.IndexOf('.', StringComparison.Ordinal);
        var second = first < 0 ? -1 : subject.IndexOf('.', first + 1);
        return second < 0 ? subject : subject.AsSpan(0, second);
    }
}
