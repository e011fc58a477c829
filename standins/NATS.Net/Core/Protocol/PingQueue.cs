using System.Diagnostics;

namespace NATS.Client.Core.Protocol;

/// <summary>Someone waiting for the PONG of one PING.</summary>
internal sealed class PingWaiter
{
    private readonly TaskCompletionSource<TimeSpan> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _start = Stopwatch.GetTimestamp();

    public Task<TimeSpan> Task => _completion.Task;

    public void Complete() => _completion.TrySetResult(Stopwatch.GetElapsedTime(_start));

    public void Fail(Exception exception)
    {
        _completion.TrySetException(exception);

        // A keep-alive ping has nobody who would look.
        _ = _completion.Task.Exception;
    }
}

/// <summary>PONGs come in the order of the PINGs. Not thread-safe: the writer's lock guards it.</summary>
internal sealed class PingQueue
{
    private readonly Queue<PingWaiter> _waiters = new();
    private int _unsent;

    public void Add(PingWaiter waiter)
    {
        _waiters.Enqueue(waiter);
        _unsent++;
    }

    public void MarkSent() => _unsent = 0;

    public PingWaiter? Take() => _waiters.Count > _unsent ? _waiters.Dequeue() : null;

    public List<PingWaiter> TakeSent() => Take(_waiters.Count - _unsent);

    public List<PingWaiter> TakeAll()
    {
        _unsent = 0;
        return Take(_waiters.Count);
    }

    private List<PingWaiter> Take(int count)
    {
        var taken = new List<PingWaiter>(count);
        while (taken.Count < count)
            taken.Add(_waiters.Dequeue());
        return taken;
    }
}
