using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

public partial class NatsJSContext
{
    public async ValueTask<PubAckResponse> PublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default)
    {
        var result = await TryPublishAsync(subject, data, serializer, opts, headers, cancellationToken).ConfigureAwait(false);
        return result.Success ? result.Value : throw result.Error;
    }

    public async ValueTask<NatsResult<PubAckResponse>> TryPublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default)
    {
        if (opts is not null)
            WriteHeaders(opts, ref headers);

        var attempts = Math.Max(1, opts?.RetryAttempts ?? 1);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var msg = await Core.AskAsync(subject, data, headers, serializer, PubAckSerializer.Default, Opts.RequestTimeout, cancellationToken).ConfigureAwait(false);
                if (!msg.HasNoResponders)
                    return msg.Error is { } error ? error : msg.Data ?? (NatsResult<PubAckResponse>)new NatsJSException("The server answered with nothing");
            }
            catch (NatsNoReplyException)
            {
                return new NatsJSPublishNoResponseException();
            }

            // Nobody answers for the subject: a leader may be on its way.
            if (attempt == attempts)
                return new NatsJSPublishNoResponseException();
            await Task.Delay(opts!.RetryWaitBetweenAttempts, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<NatsJSPublishConcurrentFuture> PublishConcurrentAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default)
    {
        if (opts is not null)
            WriteHeaders(opts, ref headers);

        var reply = await Core.SendRequestAsync(subject, data, headers, serializer, PubAckSerializer.Default, Opts.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return new NatsJSPublishConcurrentFuture(reply.Task.AsTask());
    }

    private static void WriteHeaders(NatsJSPubOpts opts, ref NatsHeaders? headers)
    {
        Set(ref headers, "Nats-Msg-Id", opts.MsgId);
        Set(ref headers, "Nats-Expected-Last-Msg-Id", opts.ExpectedLastMsgId);
        Set(ref headers, "Nats-Expected-Stream", opts.ExpectedStream);
        Set(ref headers, "Nats-Expected-Last-Sequence", opts.ExpectedLastSequence?.ToString(CultureInfo.InvariantCulture));
        Set(ref headers, "Nats-Expected-Last-Subject-Sequence", opts.ExpectedLastSubjectSequence?.ToString(CultureInfo.InvariantCulture));
        Set(ref headers, "Nats-Expected-Last-Subject-Sequence-Subject", opts.ExpectedLastSubjectSequenceSubject);
    }

    private static void Set(ref NatsHeaders? headers, string name, string? value)
    {
        if (value is null)
            return;
        headers ??= new NatsHeaders();
        headers[name] = value;
    }
}
