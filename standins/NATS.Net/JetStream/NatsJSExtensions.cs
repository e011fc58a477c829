using System.Diagnostics;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

public static class NatsJSExtensions
{
    /// <exception cref="NatsJSApiException">The server refused the message.</exception>
    /// <exception cref="NatsJSDuplicateMessageException">The server has it already.</exception>
    public static void EnsureSuccess(this PubAckResponse ack)
    {
        ArgumentNullException.ThrowIfNull(ack);
        if (ack.Error is not null)
            throw new NatsJSApiException(ack.Error);
        if (ack.Duplicate)
            throw new NatsJSDuplicateMessageException(ack.Seq);
    }

    /// <returns>False for a rejection and for a duplicate.</returns>
    public static bool IsSuccess(this PubAckResponse ack)
    {
        ArgumentNullException.ThrowIfNull(ack);
        return ack.Error is null && !ack.Duplicate;
    }

    public static ValueTask NakAsync<T>(this INatsJSMsg<T> msg, TimeSpan delay, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(msg);
        return msg.NakAsync(new AckOpts { NakDelay = delay }, cancellationToken);
    }

    public static ValueTask AckTerminateAsync<T>(this INatsJSMsg<T> msg, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(msg);
        return msg.AckTerminateAsync(new AckOpts { TerminateReason = reason }, cancellationToken);
    }
}

public static class NatsJSTelemetryExtensions
{
    /// <summary>Starts an internal span below the receive span of the message; null when nobody listens to the source <c>NATS.Net</c>.</summary>
    public static Activity? StartActivity<T>(this in NatsJSMsg<T> msg, string name = "", IEnumerable<KeyValuePair<string, object?>>? tags = null) =>
        Telemetry.StartBelow(msg.Headers, name, tags);

    /// <inheritdoc cref="StartActivity{T}(in NatsJSMsg{T}, string, IEnumerable{KeyValuePair{string, object}})"/>
    public static Activity? StartActivity<T>(this INatsJSMsg<T> msg, string name = "", IEnumerable<KeyValuePair<string, object?>>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(msg);
        return Telemetry.StartBelow(msg.Headers, name, tags);
    }
}
