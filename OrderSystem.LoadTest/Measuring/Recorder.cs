using System.Collections.Concurrent;
using OrderSystem.LoadTest.Load;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>What became of the requests of one phase: their latencies altogether and of the second that is running, the accepted orders, the errors.</summary>
internal sealed class Recorder(TimeProvider time)
{
    private readonly Lock one = new();
    private readonly List<AcceptedOrder> accepted = [];
    private readonly ConcurrentDictionary<string, long> errors = new(StringComparer.Ordinal);
    private readonly DateTimeOffset startedAt = time.GetUtcNow();
    private readonly long epoch = time.GetTimestamp();
    private Histogram second = new();
    private long failed;

    /// <summary>Of accepted orders, from the moment that they were meant to be sent to the end of the answer. A refusal may be quick, and would flatter.</summary>
    internal Histogram Post { get; } = new();

    /// <summary>How much later than it was meant a request was sent: what of the latency is the generator's.</summary>
    internal Histogram Lateness { get; } = new();

    internal DateTimeOffset StartedAt => startedAt;

    internal long Failed => Volatile.Read(ref failed);

    internal IReadOnlyDictionary<string, long> Errors => errors;

    internal int AcceptedCount
    {
        get
        {
            lock (one)
                return accepted.Count;
        }
    }

    internal IReadOnlyList<AcceptedOrder> Accepted
    {
        get
        {
            lock (one)
                return [.. accepted];
        }
    }

    internal void Sent(long intended) => Lateness.Record(time.GetElapsedTime(intended));

    internal void Answered(long intended, Answer answer)
    {
        if (answer is not { Status: 201, OrderId: { } order })
        {
            Fail($"HTTP {answer.Status}");
            return;
        }

        var latency = time.GetElapsedTime(intended);
        Post.Record(latency);
        Volatile.Read(ref second).Record(latency);
        lock (one)
            accepted.Add(new(order, startedAt + time.GetElapsedTime(epoch, intended)));
    }

    /// <summary>A request without an answer.</summary>
    internal void Lost(Exception failure) => Fail(failure is OperationCanceledException ? "no answer in time" : failure.GetType().Name);

    /// <summary>Requests that could not be sent before the phase was over.</summary>
    internal void Unsent() => Fail("not sent in time");

    /// <summary>The latencies of the second that ends now; the next one begins.</summary>
    internal Histogram NextSecond() => Interlocked.Exchange(ref second, new());

    private void Fail(string error)
    {
        Interlocked.Increment(ref failed);
        errors.AddOrUpdate(error, 1, (_, count) => count + 1);
    }
}

/// <summary>An order that was answered with 201, and when it was meant to be sent.</summary>
internal readonly record struct AcceptedOrder(Guid Id, DateTimeOffset IntendedAt);
