using System.Collections.Concurrent;
using System.Globalization;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

/// <summary>The one subscription that all answers of a connection come through, told apart by the last token of their subject.</summary>
internal sealed class Inbox : IDisposable
{
    private const int SweepMs = 25;
    private readonly ConcurrentDictionary<long, object> _receivers = new();
    private readonly Timer _sweep;
    private long _last;
    private int _replies;
    private int _sweeping;

    public Inbox(string prefix)
    {
        Prefix = $"{prefix}.{Nuid.Next()}.";
        Wildcard = Prefix + "*";
        _sweep = new Timer(static inbox => ((Inbox)inbox!).Sweep(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public string Prefix { get; }

    public string Wildcard { get; }

    public string NewSubject() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Interlocked.Increment(ref _last)}");

    /// <returns>The subject to answer to.</returns>
    public string Add(PendingReply reply)
    {
        reply.Token = Interlocked.Increment(ref _last);
        _receivers[reply.Token] = reply;
        Interlocked.Increment(ref _replies);
        if (Volatile.Read(ref _sweeping) == 0 && Interlocked.Exchange(ref _sweeping, 1) == 0)
            Rearm();
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{reply.Token}");
    }

    /// <returns>False when the subject is none of this inbox.</returns>
    public bool TryAdd(NatsSubBase sub)
    {
        if (sub.QueueGroup is not null
            || !sub.Subject.StartsWith(Prefix, StringComparison.Ordinal)
            || !long.TryParse(sub.Subject.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var token))
        {
            return false;
        }

        sub.InboxToken = token;
        return _receivers.TryAdd(token, sub);
    }

    /// <returns>True for one caller only.</returns>
    public bool TryRemove(long token)
    {
        if (!_receivers.TryRemove(token, out var receiver))
            return false;
        if (receiver is PendingReply)
            Interlocked.Decrement(ref _replies);
        return true;
    }

    public ValueTask ReceiveAsync(in Frame frame)
    {
        if (!_receivers.TryGetValue(frame.InboxToken, out var receiver))
            return default;
        var subject = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{frame.InboxToken}");
        if (receiver is NatsSubBase sub)
            return sub.ReceiveAsync(subject, frame.ReplyTo, frame.Headers, frame.Payload);
        if (TryRemove(frame.InboxToken))
            ((PendingReply)receiver).Complete(subject, frame.ReplyTo, frame.Headers, frame.Payload);
        return default;
    }

    public void Close(Exception reason, Exception? subReason)
    {
        foreach (var (token, receiver) in _receivers)
        {
            if (!TryRemove(token))
                continue;
            if (receiver is PendingReply reply)
                reply.Fail(reason);
            else
                ((NatsSubBase)receiver).Close(subReason);
        }
    }

    public void Dispose() => _sweep.Dispose();

    /// <summary>One coarse timer instead of one for each request.</summary>
    private void Sweep()
    {
        var now = Environment.TickCount64;
        foreach (var (token, receiver) in _receivers)
        {
            if (receiver is PendingReply reply && reply.Deadline <= now && TryRemove(token))
                reply.Fail(new NatsNoReplyException());
        }

        Volatile.Write(ref _sweeping, 0);
        if (Volatile.Read(ref _replies) > 0 && Interlocked.Exchange(ref _sweeping, 1) == 0)
            Rearm();
    }

    private void Rearm()
    {
        try
        {
            _sweep.Change(SweepMs, Timeout.Infinite);
        }
        catch (ObjectDisposedException)
        {
            // The connection is gone, and has failed what was left.
        }
    }
}

/// <summary>Ids that no two connections share: 22 letters and digits.</summary>
internal static class Nuid
{
    private const int Length = 22;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string Next() => System.Security.Cryptography.RandomNumberGenerator.GetString(Alphabet, Length);
}
