using System.Collections.Concurrent;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

/// <summary>Every subscription of a connection, by the id that the server knows it by.</summary>
internal sealed class SubscriptionManager(CommandWriter writer, NatsOpts opts) : INatsSubscriptionManager, IDisposable
{
    /// <summary>The id of the shared inbox.</summary>
    public const int InboxSid = 1;

    private readonly ConcurrentDictionary<int, NatsSubBase> _subs = new();
    private readonly Lock _inboxGate = new();
    private int _lastSid = InboxSid;
    private bool _inboxWanted;
    private bool _inboxReady;

    public Inbox Inbox { get; } = new(opts.InboxPrefix);

    public IEnumerable<NatsSubBase> All => _subs.Values;

    public void Add(NatsSubBase sub)
    {
        if (Inbox.TryAdd(sub))
        {
            UseInbox();
            return;
        }

        sub.Sid = Interlocked.Increment(ref _lastSid);
        _subs[sub.Sid] = sub;
        writer.Subscribe(sub.Sid, sub.Subject, sub.QueueGroup, sub.PendingMsgs > 0 ? sub.PendingMsgs : null);

        // It may have been cancelled meanwhile.
        if (sub.HasEnded)
            Remove(sub);
    }

    public void UseInbox()
    {
        if (Volatile.Read(ref _inboxReady))
            return;
        lock (_inboxGate)
        {
            if (_inboxReady)
                return;
            Volatile.Write(ref _inboxWanted, true);
            writer.Subscribe(InboxSid, Inbox.Wildcard, null, null);

            // Only now may another request overtake: its answer needs the subscription.
            Volatile.Write(ref _inboxReady, true);
        }
    }

    public ValueTask RemoveAsync(NatsSubBase sub)
    {
        Remove(sub);
        return default;
    }

    public ValueTask ReceiveAsync(in Frame frame)
    {
        if (frame.Sid == InboxSid)
            return Inbox.ReceiveAsync(frame);
        return _subs.TryGetValue(frame.Sid, out var sub) ? sub.ReceiveAsync(frame.Subject!, frame.ReplyTo, frame.Headers, frame.Payload) : default;
    }

    /// <summary>What a new connection has to be told.</summary>
    public void WriteAll(ByteBuffer buffer)
    {
        if (Volatile.Read(ref _inboxWanted))
            Commands.WriteSubscribe(buffer, opts.SubjectEncoding, InboxSid, Inbox.Wildcard, null);
        foreach (var (sid, sub) in _subs)
        {
            Commands.WriteSubscribe(buffer, opts.SubjectEncoding, sid, sub.Subject, sub.QueueGroup);
            if (sub.PendingMsgs > 0)
                Commands.WriteUnsubscribe(buffer, sid, sub.PendingMsgs);
        }
    }

    public void OnReconnected()
    {
        foreach (var sub in _subs.Values)
            sub.OnReconnected();
    }

    /// <param name="reason">For requests under way.</param>
    /// <param name="subReason">For subscriptions; null ends them without an error.</param>
    public void Close(Exception reason, Exception? subReason)
    {
        foreach (var sub in _subs.Values)
            sub.Close(subReason);
        _subs.Clear();
        Inbox.Close(reason, subReason);
    }

    public void Dispose() => Inbox.Dispose();

    private void Remove(NatsSubBase sub)
    {
        if (sub.InboxToken >= 0)
            Inbox.TryRemove(sub.InboxToken);
        else if (_subs.TryRemove(new KeyValuePair<int, NatsSubBase>(sub.Sid, sub)))
            writer.Unsubscribe(sub.Sid);
    }
}
