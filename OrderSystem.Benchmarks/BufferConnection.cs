using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using NATS.Client.Core;

namespace OrderSystem.Benchmarks;

/// <summary>A server that says what it is told to, answers pings and forgets the rest.</summary>
internal sealed partial class BufferConnection : INatsSocketConnection, INatsSocketConnectionFactory
{
    private readonly Channel<ReadOnlyMemory<byte>> said = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    private ReadOnlyMemory<byte> rest = """INFO {"server_id":"S","version":"2.9.10","headers":true,"max_payload":1048576}"""u8.ToArray().Concat("\r\n"u8.ToArray()).ToArray();

    private static ReadOnlySpan<byte> Ping => "PING\r\n"u8;

    /// <summary>Number of the client's last subscription, by which the server calls it.</summary>
    internal int SubscriptionId { get; private set; }

    internal void Say(ReadOnlyMemory<byte> bytes) => said.Writer.TryWrite(bytes);

    public ValueTask<INatsSocketConnection> ConnectAsync(Uri uri, NatsOpts opts, CancellationToken cancellationToken) => new(this);

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer)
    {
        foreach (Match sub in Subscription().Matches(Encoding.ASCII.GetString(buffer.Span)))
            SubscriptionId = int.Parse(sub.Groups["id"].ValueSpan, CultureInfo.InvariantCulture);

        // A ping can come in two pieces.
        var piece = buffer.Span;
        if (piece.Length < Ping.Length ? Ping.EndsWith(piece) : piece.EndsWith(Ping))
            Say("PONG\r\n"u8.ToArray());
        return new(buffer.Length);
    }

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (rest.IsEmpty)
            rest = await said.Reader.ReadAsync();
        var count = Math.Min(buffer.Length, rest.Length);
        rest[..count].CopyTo(buffer);
        rest = rest[count..];
        return count;
    }

    public ValueTask DisposeAsync()
    {
        said.Writer.TryComplete();
        return default;
    }

    [GeneratedRegex(@"^SUB orders\.created (?<id>\d+)\r", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Subscription();
}
