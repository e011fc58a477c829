using System.Diagnostics;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>
/// What is exported although head sampling dropped its trace: operations that failed, were retried or were slow. It belongs to
/// <see cref="TraceSampler"/>: with a sampler of the environment nothing is kept beyond what that one samples.
/// </summary>
public static class KeptSpans
{
    /// <summary>A request or message that takes longer is kept.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    /// <summary>Whether this process uses <see cref="TraceSampler"/>.</summary>
    internal static bool IsEnabled { get; set; }

    /// <summary>
    /// Exports the span, and the spans below it that start later. Call it before the span ends, and set its attributes afterwards: while
    /// they were set, it was not recorded.
    /// </summary>
    public static void Keep(this Activity activity)
    {
        // One that is recorded and yet not exported was dropped by a processor on purpose.
        if (!IsEnabled || activity.IsAllDataRequested)
            return;
        activity.IsAllDataRequested = true;
        activity.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
    }

    /// <summary>Whether the context belongs to a trace that is not sampled, so that a span below it would be made for nothing.</summary>
    public static bool IsDropped(this ActivityContext context) =>
        context != default && !context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);

    /// <summary>The same context with the flag that samples the spans below it; without a trace, the same.</summary>
    public static ActivityContext Kept(this ActivityContext context) => !IsEnabled || context == default
        ? context
        : new(context.TraceId, context.SpanId, context.TraceFlags | ActivityTraceFlags.Recorded, context.TraceState, context.IsRemote);
}
