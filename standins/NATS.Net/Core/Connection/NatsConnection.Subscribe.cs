using System.Runtime.CompilerServices;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

public partial class NatsConnection
{
    /// <summary>Ends without an exception when cancelled; what is buffered then is still delivered.</summary>
    public async IAsyncEnumerable<NatsMsg<T>> SubscribeAsync<T>(string subject, string? queueGroup = null, INatsDeserialize<T>? serializer = null, NatsSubOpts? opts = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var sub = await SubscribeCoreAsync(subject, queueGroup, serializer, opts, cancellationToken).ConfigureAwait(false);
        await foreach (var msg in sub.Msgs.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            yield return msg;
    }

    public async ValueTask<INatsSub<T>> SubscribeCoreAsync<T>(string subject, string? queueGroup = null, INatsDeserialize<T>? serializer = null, NatsSubOpts? opts = null, CancellationToken cancellationToken = default)
    {
        serializer ??= Opts.SerializerRegistry.GetDeserializer<T>();
        var sub = new NatsSub<T>(this, _subs, subject, queueGroup, opts, serializer, cancellationToken);
        await AddSubAsync(sub, cancellationToken).ConfigureAwait(false);
        return sub;
    }

    public async ValueTask AddSubAsync(NatsSubBase sub, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sub);
        if (!Opts.SkipSubjectValidation)
            Subjects.Validate(sub.Subject);
        Subjects.ValidateQueueGroup(sub.QueueGroup);
        cancellationToken.ThrowIfCancellationRequested();

        using var activity = Telemetry.HasListeners ? Telemetry.StartSubscribe(sub.Subject, sub.QueueGroup, this) : null;

        // While reconnecting it is enough to be on the list: the next connection begins with it.
        if (ConnectionState is not (NatsConnectionState.Open or NatsConnectionState.Reconnecting))
            await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        _subs.Add(sub);
        await sub.ReadyAsync().ConfigureAwait(false);
    }
}
