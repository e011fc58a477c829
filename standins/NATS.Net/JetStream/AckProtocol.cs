using System.Globalization;
using System.Text;
using NATS.Client.Core;
using NATS.Client.Core.Protocol;

namespace NATS.Client.JetStream;

/// <summary>What is sent to acknowledge.</summary>
internal static class AckBody
{
    public static readonly ReadOnlyMemory<byte> Ack = "+ACK"u8.ToArray();
    public static readonly ReadOnlyMemory<byte> Progress = "+WPI"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Again = "-NAK"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Never = "+TERM"u8.ToArray();

    public static ReadOnlyMemory<byte> Nak(TimeSpan? delay) => delay is { } wait && wait > TimeSpan.Zero
        ? Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""-NAK {"delay":{{wait.Ticks * TimeSpan.NanosecondsPerTick}}}"""))
        : Again;

    /// <summary>Servers before 2.10.4 compare the whole body, and would take one with a reason for nothing.</summary>
    public static ReadOnlyMemory<byte> Terminate(string? reason, INatsServerInfo? server) =>
        string.IsNullOrEmpty(reason) || !ServerInfo.IsAtLeast(server, 2, 10, 4) ? Never : Encoding.UTF8.GetBytes($"+TERM {reason}");
}

/// <summary>
/// The reply subject of a delivered message:
/// <c>$JS.ACK.stream.consumer.delivered.streamSeq.consumerSeq.time.pending</c>, or in the newer form with domain and account hash after
/// <c>$JS.ACK</c> and possibly more tokens at the end.
/// </summary>
internal static class AckSubject
{
    private const int ShortForm = 9;
    private const int LongForm = 11;

    /// <returns>Null when it is no such subject.</returns>
    public static NatsJSMsgMetadata? Parse(string? replyTo)
    {
        if (replyTo is null || !replyTo.StartsWith("$JS.ACK.", StringComparison.Ordinal))
            return null;

        var tokens = replyTo.Split('.');
        if (tokens.Length != ShortForm && tokens.Length < LongForm)
            return null;

        var offset = tokens.Length == ShortForm ? 2 : 4;
        if (!Number(tokens[offset + 2], out var delivered) || !Number(tokens[offset + 3], out var streamSeq)
            || !Number(tokens[offset + 4], out var consumerSeq) || !Number(tokens[offset + 5], out var nanoseconds)
            || !Number(tokens[offset + 6], out var pending))
        {
            return null;
        }

        // An underscore says that there is no domain.
        var domain = offset == 4 && tokens[2] != "_" ? tokens[2] : string.Empty;
        var time = DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / TimeSpan.NanosecondsPerTick));
        return new NatsJSMsgMetadata(new NatsJSSequencePair(streamSeq, consumerSeq), delivered, pending, time, tokens[offset], tokens[offset + 1], domain);
    }

    private static bool Number(string token, out ulong number) => ulong.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
