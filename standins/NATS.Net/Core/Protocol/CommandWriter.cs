using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace NATS.Client.Core.Protocol;

/// <summary>
/// Collects commands and writes them in batches: whatever is added while one socket write is under way goes into the next one.
/// Without a socket it keeps what fits; beyond the limit, callers wait.
/// </summary>
internal sealed class CommandWriter : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly Encoding _subjectEncoding;
    private readonly Action<INatsSocketConnection, Exception> _onError;
    private readonly int _limit;
    private readonly PingQueue _pings = new();
    private ByteBuffer _filling;
    private ByteBuffer _sending;
    private INatsSocketConnection? _socket;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _idle;
    private Exception? _closed;
    private bool _running;

    public CommandWriter(NatsOpts opts, Action<INatsSocketConnection, Exception> onError)
    {
        _subjectEncoding = opts.SubjectEncoding;
        _onError = onError;
        _limit = opts.WriterBufferSize * 16;
        _filling = new ByteBuffer(opts.WriterBufferSize);
        _sending = new ByteBuffer(opts.WriterBufferSize);
    }

    /// <summary>Adds a publish, unless there is no room. The body is the header block and the payload.</summary>
    /// <returns>False: wait for the room, then try again.</returns>
    public bool TryPublish(string subject, string? replyTo, int headersLength, ReadOnlySpan<byte> body, [NotNullWhen(false)] out Task? room)
    {
        lock (_gate)
        {
            if (_closed is not null)
                throw _closed;
            if (_filling.Length >= _limit)
            {
                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                return false;
            }

            room = null;
            Commands.WritePublish(_filling, _subjectEncoding, subject, replyTo, headersLength, body);
            Schedule();
            return true;
        }
    }

    public void Subscribe(int sid, string subject, string? queueGroup, int? maxMsgs)
    {
        lock (_gate)
        {
            // The next connection begins with every subscription there is.
            if (_socket is null)
                return;
            Commands.WriteSubscribe(_filling, _subjectEncoding, sid, subject, queueGroup);
            if (maxMsgs is { } max)
                Commands.WriteUnsubscribe(_filling, sid, max);
            Schedule();
        }
    }

    public void Unsubscribe(int sid)
    {
        lock (_gate)
        {
            // The server has forgotten it with the connection.
            if (_socket is null)
                return;
            Commands.WriteUnsubscribe(_filling, sid, null);
            Schedule();
        }
    }

    public void Ping(PingWaiter waiter)
    {
        lock (_gate)
        {
            if (_closed is not null)
                throw _closed;
            _filling.Write("PING\r\n"u8);
            _pings.Add(waiter);
            Schedule();
        }
    }

    public void Pong()
    {
        lock (_gate)
        {
            _filling.Write("PONG\r\n"u8);
            Schedule();
        }
    }

    /// <summary>The answer to the oldest ping.</summary>
    public void OnPong()
    {
        PingWaiter? waiter;
        lock (_gate)
            waiter = _pings.Take();
        waiter?.Complete();
    }

    /// <summary>Starts writing to this socket: first the subscriptions, then what has been waiting.</summary>
    public void Attach(INatsSocketConnection socket, Action<ByteBuffer> writeSubscriptions)
    {
        lock (_gate)
        {
            if (_closed is not null)
                throw _closed;
            var begin = new ByteBuffer(_limit / 16);
            writeSubscriptions(begin);
            begin.Write(_filling.WrittenSpan);
            _filling.Clear();
            _filling = begin;
            _socket = socket;
            Schedule();
        }
    }

    /// <summary>Stops writing. What was handed to the socket is lost, what was not is kept.</summary>
    public void Detach()
    {
        List<PingWaiter> lost;
        lock (_gate)
        {
            _socket = null;
            lost = _pings.TakeSent();
            SignalIdle();
        }

        foreach (var waiter in lost)
            waiter.Fail(new NatsException("The connection was lost before the server answered the ping"));
    }

    public void Close(Exception reason)
    {
        List<PingWaiter> lost;
        lock (_gate)
        {
            _closed = reason;
            _socket = null;
            _filling.Clear();
            lost = _pings.TakeAll();
            _room?.TrySetResult();
            _room = null;
            SignalIdle();
        }

        foreach (var waiter in lost)
            waiter.Fail(reason);
    }

    /// <summary>Completes when everything added so far was handed to the socket, or there is none.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            if (_socket is null || (!_running && _filling.Length == 0))
                return Task.CompletedTask;
            return (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAsync();

    private void Schedule()
    {
        if (_running || _socket is null || _filling.Length == 0)
            return;
        _running = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void SignalIdle()
    {
        _idle?.TrySetResult();
        _idle = null;
    }

    private async Task SendAsync()
    {
        while (Next() is { } socket)
        {
            try
            {
                var rest = _sending.WrittenMemory;
                while (rest.Length > 0)
                    rest = rest[await socket.SendAsync(rest).ConfigureAwait(false)..];
            }
#pragma warning disable CA1031 // Whatever the socket throws, the connection is over.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (Fail(socket))
                    _onError(socket, e);
            }
        }
    }

    /// <summary>Swaps the buffers.</summary>
    /// <returns>Null when there is nothing to send: this run is over.</returns>
    private INatsSocketConnection? Next()
    {
        lock (_gate)
        {
            _sending.Clear();
            if (_socket is null || _filling.Length == 0)
            {
                _running = false;
                SignalIdle();
                return null;
            }

            (_filling, _sending) = (_sending, _filling);
            _pings.MarkSent();
            _room?.TrySetResult();
            _room = null;
            return _socket;
        }
    }

    private bool Fail(INatsSocketConnection socket)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_socket, socket))
                return false;
            _socket = null;
            return true;
        }
    }
}
