using System.Collections.Concurrent;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>The results of one phase's requests: latencies of the phase and of the current second, accepted orders, errors.</summary>
internal sealed class Recorder(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<AcceptedOrder> accepted = [];
    private readonly ConcurrentDictionary<string, long> errors = new(StringComparer.Ordinal);
    private readonly DateTimeOffset startedAt = time.GetUtcNow();
    private readonly long epoch = time.GetTimestamp();
    private Histogram second = new();
    private long failed;

    /// <summary>
    /// Of accepted orders, because fast refusals would improve it: from when the request was due to the end of the response.
    /// </summary>
    internal Histogram Post { get; } = new();

    /// <summary>From when a request was due until it was sent: the generator's part of the latency.</summary>
    internal Histogram Lateness { get; } = new();

    internal DateTimeOffset StartedAt => startedAt;

    internal long Failed => Volatile.Read(ref failed);

    internal IReadOnlyDictionary<string, long> Errors => errors;

    internal int AcceptedCount
    {
        get
        {
            lock (gate)
                return accepted.Count;
        }
    }

    internal IReadOnlyList<AcceptedOrder> Accepted
    {
        get
        {
            lock (gate)
                return [.. accepted];
        }
    }

    internal void Sent(long intended) => Lateness.Record(time.GetElapsedTime(intended));

    internal void Answered(long intended, int status, Guid? orderId)
    {
        if (status != 201 || orderId is not { } order)
        {
            Fail($"HTTP {status}");
            return;
        }

        var latency = time.GetElapsedTime(intended);
        Post.Record(latency);
        Volatile.Read(ref second).Record(latency);
        lock (gate)
            accepted.Add(new(order, startedAt + time.GetElapsedTime(epoch, intended)));
    }

    /// <summary>A request without a response.</summary>
    internal void Lost(Exception failure) => Fail(failure is OperationCanceledException ? "no answer in time" : failure.GetType().Name);

    /// <summary>A request that was not sent before the end of the phase.</summary>
    internal void Unsent() => Fail("not sent in time");

    /// <summary>Returns the latencies of the current second and starts the next one.</summary>
    internal Histogram NextSecond() => Interlocked.Exchange(ref second, new());

    private void Fail(string error)
    {
        Interlocked.Increment(ref failed);
        errors.AddOrUpdate(error, 1, (_, count) => count + 1);
    }
}
