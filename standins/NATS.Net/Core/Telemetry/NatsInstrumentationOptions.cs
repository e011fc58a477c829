using System.Diagnostics;

namespace NATS.Client.Core;

/// <summary>Process-wide say in which spans there are and what they carry. What these functions throw is swallowed: instrumentation never breaks a message.</summary>
public sealed class NatsInstrumentationOptions
{
    public static NatsInstrumentationOptions Default { get; } = new();

    /// <summary>False: no span for this one.</summary>
    public Func<NatsInstrumentationContext, bool>? Filter { get; set; }

    public Action<Activity, NatsInstrumentationContext>? Enrich { get; set; }
}

/// <summary>The message that a span would be about; sizes in bytes.</summary>
public readonly record struct NatsInstrumentationContext(
    string Subject,
    NatsHeaders? Headers,
    string? ReplyTo,
    string? QueueGroup,
    long? BodySize,
    long? Size,
    INatsConnection? Connection,
    ActivityContext ParentContext);
