using System.Buffers.Binary;
using OpenTelemetry.Trace;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>
/// Head sampling of new traces by their trace id, with a probability that adapts to the load: all of them up to a limit per second, above
/// it as many as the limit. The decision travels in the trace context, so that all services trace an order, or none.
/// </summary>
internal sealed class TraceSampler(int tracesPerSecond, TimeProvider time) : Sampler
{
    private readonly long epoch = time.GetTimestamp();
    private volatile Window window = new(Second: 0, Probability: 1);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        Span<byte> id = stackalloc byte[16];
        samplingParameters.TraceId.CopyTo(id);
        var fraction = BinaryPrimitives.ReadUInt64BigEndian(id[8..]) / (double)ulong.MaxValue;
        return new(CurrentWindow().TrySample(fraction, tracesPerSecond) ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }

    /// <summary>Starts a new window every second, with the probability that the load of the last one would have needed.</summary>
    private Window CurrentWindow()
    {
        var current = window;
        var second = (long)time.GetElapsedTime(epoch).TotalSeconds;
        if (second == current.Second)
            return current;

        // After a pause the last window says nothing about the load.
        var isNext = second == current.Second + 1;
        var next = new Window(second, isNext ? Math.Min(1, tracesPerSecond / (double)Math.Max(1, current.Traces)) : 1);
        var winner = Interlocked.CompareExchange(ref window, next, current);
        return winner == current ? next : winner;
    }

    private sealed record Window(long Second, double Probability)
    {
        private int traces;
        private int sampled;

        internal int Traces => Volatile.Read(ref traces);

        /// <summary>The limit also bounds a burst after a quiet second.</summary>
        internal bool TrySample(double fraction, int limit)
        {
            Interlocked.Increment(ref traces);
            return fraction < Probability && Interlocked.Increment(ref sampled) <= limit;
        }
    }
}
