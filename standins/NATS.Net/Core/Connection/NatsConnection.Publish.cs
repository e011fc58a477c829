using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

public partial class NatsConnection
{
    public ValueTask PublishAsync(string subject, NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        PublishAsync<ReadOnlyMemory<byte>>(subject, default, headers, replyTo, NatsRawSerializer<ReadOnlyMemory<byte>>.Default, opts, cancellationToken);

    public ValueTask PublishAsync<T>(in NatsMsg<T> msg, INatsSerialize<T>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        PublishAsync(msg.Subject, msg.Data, msg.Headers, msg.ReplyTo, serializer, opts, cancellationToken);

    public ValueTask PublishAsync<T>(string subject, T? data, NatsHeaders? headers = null, string? replyTo = null, INatsSerialize<T>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default)
    {
        if (!Opts.SkipSubjectValidation)
        {
            Subjects.Validate(subject);
            Subjects.ValidateReplyTo(replyTo);
        }

        serializer ??= Opts.SerializerRegistry.GetSerializer<T>();
        return IsReadyToPublish && !Telemetry.HasListeners
            ? Write(subject, data, headers, replyTo, serializer, cancellationToken)
            : PublishSlowlyAsync(subject, data, headers, replyTo, serializer, cancellationToken);
    }

    /// <summary>While reconnecting, publishes are kept for the next connection.</summary>
    private bool IsReadyToPublish => ConnectionState is NatsConnectionState.Open
        || (ConnectionState is NatsConnectionState.Reconnecting && !Opts.PublishTimeoutOnDisconnected);

    private async ValueTask PublishSlowlyAsync<T>(string subject, T? data, NatsHeaders? headers, string? replyTo, INatsSerialize<T> serializer, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.HasListeners ? Telemetry.StartPublish(subject, replyTo, headers, this) : null;
        if (activity is not null)
            Telemetry.Inject(activity, ref headers);
        try
        {
            if (!IsReadyToPublish)
                await WaitForConnectionAsync(cancellationToken).ConfigureAwait(false);
            await Write(subject, data, headers, replyTo, serializer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Telemetry.Fail(activity, e);
            throw;
        }
    }

    private async ValueTask WaitForConnectionAsync(CancellationToken cancellationToken)
    {
        var open = EnsureOpenAsync(cancellationToken);
        if (!Opts.PublishTimeoutOnDisconnected)
        {
            await open.ConfigureAwait(false);
            return;
        }

        try
        {
            await open.AsTask().WaitAsync(Opts.CommandTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NatsTimeoutException();
        }
    }

    /// <summary>Serialises and hands the bytes to the writer; synchronous as long as the writer has room.</summary>
    private ValueTask Write<T>(string subject, T? data, NatsHeaders? headers, string? replyTo, INatsSerialize<T> serializer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var body = Scratch.Rent();
        try
        {
            var headersLength = 0;
            if (headers is not null)
            {
                if (headers.Count > 0)
                {
                    headersLength = HeaderWriter.Measure(headers, Opts.HeaderEncoding);
                    HeaderWriter.Write(headers, Opts.HeaderEncoding, body.GetSpan(headersLength));
                    body.Advance(headersLength);
                }

                headers.SetReadOnly();
            }

            serializer.Serialize(body, data!);
            if (_serverInfo is { } info && body.Length > info.MaxPayload)
                throw new NatsPayloadTooLargeException($"Payload of {body.Length} bytes, with headers, exceeds server's maximum payload of {info.MaxPayload} bytes");

            return _writer.TryPublish(subject, replyTo, headersLength, body.WrittenSpan, out var room)
                ? default
                : WriteWhenRoomAsync(room, subject, replyTo, headersLength, body.WrittenSpan.ToArray(), cancellationToken);
        }
        finally
        {
            Scratch.Return(body);
        }
    }

    private async ValueTask WriteWhenRoomAsync(Task room, string subject, string? replyTo, int headersLength, byte[] body, CancellationToken cancellationToken)
    {
        do
            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        while (!_writer.TryPublish(subject, replyTo, headersLength, body, out room!));
    }
}
