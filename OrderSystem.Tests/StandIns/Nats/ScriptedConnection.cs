using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using NATS.Client.Core;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A server made of strings: says what the test tells it to, in exactly these pieces, and records what the client says.</summary>
internal sealed class ScriptedConnection : INatsSocketConnection, INatsSocketConnectionFactory
{
    private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();
    private readonly StringBuilder _outgoing = new();
    private readonly ConcurrentQueue<string> _commands = new();
    private ReadOnlyMemory<byte> _rest;

    public ScriptedConnection(int maxPayload = 1024 * 1024) =>
        Receive($$"""INFO {"server_id":"S","version":"2.9.10","headers":true,"max_payload":{{maxPayload}},"jetstream":true}""" + "\r\n");

    /// <summary>Asked for each publish with subject and reply subject: what the server says to it, as payload or as status line.</summary>
    public Func<string, string, string?>? Respond { get; init; }

    /// <summary>The lines that the client has sent so far, payloads included.</summary>
    public IReadOnlyCollection<string> Commands => _commands;

    public void Receive(string text) => Receive(Encoding.Latin1.GetBytes(text));

    /// <summary>The next read returns this piece, or what of it fits.</summary>
    public void Receive(byte[] piece) => _incoming.Writer.TryWrite(piece);

    public ValueTask<INatsSocketConnection> ConnectAsync(Uri uri, NatsOpts opts, CancellationToken cancellationToken) => new(this);

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer)
    {
        _outgoing.Append(Encoding.Latin1.GetString(buffer.Span));
        while (_outgoing.ToString().IndexOf("\r\n", StringComparison.Ordinal) is >= 0 and var end)
        {
            var line = _outgoing.ToString(0, end);
            _outgoing.Remove(0, end + 2);
            _commands.Enqueue(line);
            if (line == "PING")
                Receive("PONG\r\n");
            else if (line.Split(' ') is ["PUB", var subject, var replyTo, _] && Respond?.Invoke(subject, replyTo) is { } answer)
                Answer(replyTo, answer);
        }

        return new ValueTask<int>(buffer.Length);
    }

    private void Answer(string replyTo, string answer)
    {
        // The shared inbox is subscription 1; the first inbox of a pull is 2.
        var sid = _commands.Any(command => command == $"SUB {replyTo} 2") ? 2 : 1;
        Receive(answer.StartsWith("NATS/1.0", StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"HMSG {replyTo} {sid} {answer.Length} {answer.Length}\r\n{answer}\r\n")
            : string.Create(CultureInfo.InvariantCulture, $"MSG {replyTo} {sid} {answer.Length}\r\n{answer}\r\n"));
    }

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (_rest.IsEmpty)
        {
            if (!await _incoming.Reader.WaitToReadAsync())
                return 0;
            _incoming.Reader.TryRead(out var piece);
            _rest = piece;
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public ValueTask DisposeAsync()
    {
        _incoming.Writer.TryComplete();
        return default;
    }
}
