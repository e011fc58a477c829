using System.Runtime.CompilerServices;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

public partial class NatsConnection
{
    public ValueTask<NatsMsg<TReply>> RequestAsync<TReply>(string subject, INatsDeserialize<TReply>? replySerializer = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default) =>
        RequestAsync<ReadOnlyMemory<byte>, TReply>(subject, default, null, NatsRawSerializer<ReadOnlyMemory<byte>>.Default, replySerializer, null, replyOpts, cancellationToken);

    public async ValueTask<NatsMsg<TReply>> RequestAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default)
    {
        var msg = await AskAsync(subject, data, headers, requestSerializer, replySerializer, replyOpts?.Timeout ?? Opts.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return msg.HasNoResponders ? throw new NatsNoRespondersException() : msg;
    }

    public async IAsyncEnumerable<NatsMsg<TReply>> RequestManyAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // The empty message is how a responder says that it is done.
        replyOpts = (replyOpts ?? new NatsSubOpts()) with
        {
            StopOnEmptyMsg = replyOpts?.StopOnEmptyMsg ?? true,
            ThrowIfNoResponders = replyOpts?.ThrowIfNoResponders ?? true,
            Timeout = replyOpts?.Timeout ?? Opts.RequestTimeout,
        };
        await using var sub = await CreateRequestSubAsync(subject, data, headers, requestSerializer, replySerializer, requestOpts, replyOpts, cancellationToken).ConfigureAwait(false);
        await foreach (var msg in sub.Msgs.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            yield return msg;
    }

    public async ValueTask<NatsSub<TReply>> CreateRequestSubAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default)
    {
        replySerializer ??= Opts.SerializerRegistry.GetDeserializer<TReply>();
        var sub = new NatsSub<TReply>(this, _subs, NewInbox(), queueGroup: null, replyOpts, replySerializer, cancellationToken);
        try
        {
            await AddSubAsync(sub, cancellationToken).ConfigureAwait(false);
            await PublishAsync(subject, data, headers, sub.Subject, requestSerializer, requestOpts, cancellationToken).ConfigureAwait(false);
            return sub;
        }
        catch
        {
            await sub.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A request whose answer may be "no responders": <see cref="NatsMsg{T}.HasNoResponders"/>.</summary>
    /// <exception cref="NatsNoReplyException">No answer in time, connecting included.</exception>
    internal async ValueTask<NatsMsg<TReply>> AskAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers, INatsSerialize<TRequest>? requestSerializer, INatsDeserialize<TReply>? replySerializer, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var reply = await SendRequestAsync(subject, data, headers, requestSerializer, replySerializer, timeout, cancellationToken).ConfigureAwait(false);
        return await reply.Task.ConfigureAwait(false);
    }

    /// <summary>Returns as soon as the request is with the writer.</summary>
    internal async ValueTask<PendingReply<TReply>> SendRequestAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers, INatsSerialize<TRequest>? requestSerializer, INatsDeserialize<TReply>? replySerializer, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!Opts.SkipSubjectValidation)
            Subjects.Validate(subject);

        requestSerializer ??= Opts.SerializerRegistry.GetSerializer<TRequest>();
        replySerializer ??= Opts.SerializerRegistry.GetDeserializer<TReply>();
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        if (ConnectionState != NatsConnectionState.Open)
            await WaitForRequestAsync(EnsureOpenAsync(cancellationToken), timeout, cancellationToken).ConfigureAwait(false);

        _subs.UseInbox();
        using var activity = Telemetry.HasListeners ? Telemetry.StartPublish(subject, _subs.Inbox.Wildcard, headers, this) : null;
        if (activity is not null)
            Telemetry.Inject(activity, ref headers);

        var reply = new PendingReply<TReply>(this, replySerializer, activity?.Context ?? default) { Deadline = deadline };
        var replyTo = _subs.Inbox.Add(reply);
        try
        {
            var written = Write(subject, data, headers, replyTo, requestSerializer, cancellationToken);
            if (!written.IsCompletedSuccessfully)
                await WaitForRequestAsync(written, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Telemetry.Fail(activity, e);
            _subs.Inbox.TryRemove(reply.Token);
            throw;
        }

        reply.CancelWith(_subs.Inbox, cancellationToken);
        return reply;
    }

    private static async ValueTask WaitForRequestAsync(ValueTask step, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await step.AsTask().WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NatsNoReplyException();
        }
    }
}
