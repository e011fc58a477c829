using System.Numerics;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>
/// Counts latencies in microseconds: exact up to 256, above that in 128 steps for each power of two, with an error of at most 0.8 %.
/// Its size is fixed. Any number of threads can record at once.
/// </summary>
internal sealed class Histogram
{
    private const int StepBits = 7;
    private const int Steps = 1 << StepBits;

    private readonly long[] counts = new long[(64 - StepBits) * Steps];
    private long count;
    private long sum;
    private long max;

    internal long Count => Volatile.Read(ref count);

    internal long Max => Volatile.Read(ref max);

    internal double Mean => Count == 0 ? 0 : Volatile.Read(ref sum) / (double)Count;

    internal void Record(TimeSpan latency) => Record((long)latency.TotalMicroseconds);

    internal void Record(long microseconds)
    {
        var value = Math.Max(0, microseconds);
        Interlocked.Increment(ref counts[IndexOf(value)]);
        Interlocked.Increment(ref count);
        Interlocked.Add(ref sum, value);
        for (var known = Max; value > known; known = Max)
            Interlocked.CompareExchange(ref max, value, known);
    }

    /// <summary>The value that this percentage of all values does not exceed; 0 without values.</summary>
    internal long Percentile(double percent)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(percent / 100 * Count));
        long seen = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += Volatile.Read(ref counts[i]);
            if (seen >= rank)
                return Math.Min(HighestOf(i), Max);
        }

        return Max;
    }

    /// <summary>Values below twice <c>Steps</c> are their own index; above, each power of two takes the next <c>Steps</c> places.</summary>
    private static int IndexOf(long value)
    {
        if (value < 2 * Steps)
            return (int)value;
        var shift = BitOperations.Log2((ulong)value) - StepBits;
        return (shift << StepBits) + (int)(value >> shift);
    }

    private static long HighestOf(int index)
    {
        if (index < 2 * Steps)
            return index;
        var shift = (index >> StepBits) - 1;
        return ((long)((index & (Steps - 1)) + Steps + 1) << shift) - 1;
    }
}
