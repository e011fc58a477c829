namespace NATS.Client.Core;

/// <summary>Handlers are awaited one after the other, off the read loop; what they throw is logged.</summary>
public delegate ValueTask AsyncEventHandler<in TEventArgs>(object? sender, TEventArgs args)
    where TEventArgs : EventArgs;

public class NatsEventArgs(string message) : EventArgs
{
    public string Message { get; } = message;
}

/// <summary>A message did not fit into the buffer of its subscription.</summary>
public sealed class NatsMessageDroppedEventArgs(
    NatsSubBase subscription, int pending, string subject, string? replyTo, NatsHeaders? headers, object? data)
    : NatsEventArgs($"Dropped message from {subject} with {pending} pending messages")
{
    public NatsSubBase Subscription { get; } = subscription;

    public int Pending { get; } = pending;

    public string Subject { get; } = subject;

    public string? ReplyTo { get; } = replyTo;

    public NatsHeaders? Headers { get; } = headers;

    public object? Data { get; } = data;
}

/// <summary>A subscription fell behind; raised once until it has caught up.</summary>
public sealed class NatsSlowConsumerEventArgs(NatsSubBase subscription) : NatsEventArgs($"Slow consumer detected on {subscription.Subject}")
{
    public NatsSubBase Subscription { get; } = subscription;
}

/// <summary>The server announced that it will close its connections soon.</summary>
public sealed class NatsLameDuckModeActivatedEventArgs(Uri uri) : NatsEventArgs($"Lame duck mode activated by {uri}")
{
    public Uri Uri { get; } = uri;
}

/// <summary>The server sent <c>-ERR</c>; <see cref="Error"/> is its text without quotes.</summary>
public sealed class NatsServerErrorEventArgs(string error) : NatsEventArgs($"Server error: {error}")
{
    private static readonly (string Text, NatsServerErrorKind Kind)[] Known =
    [
        ("account authentication expired", NatsServerErrorKind.AccountAuthenticationExpired),
        ("authorization violation", NatsServerErrorKind.AuthorizationViolation),
        ("user authentication expired", NatsServerErrorKind.AuthenticationExpired),
        ("user authentication revoked", NatsServerErrorKind.AuthenticationRevoked),
        ("permissions violation", NatsServerErrorKind.PermissionsViolation),
        ("stale connection", NatsServerErrorKind.StaleConnection),
        ("maximum account active connections exceeded", NatsServerErrorKind.MaximumAccountConnectionsExceeded),
        ("maximum connections exceeded", NatsServerErrorKind.MaximumConnectionsExceeded),
        ("maximum subscriptions exceeded", NatsServerErrorKind.MaximumSubscriptionsExceeded),
    ];

    public string Error { get; } = error;

    public NatsServerErrorKind Kind { get; } = Classify(error);

    private static NatsServerErrorKind Classify(string error)
    {
        foreach (var (text, kind) in Known)
        {
            if (error.Contains(text, StringComparison.OrdinalIgnoreCase))
                return kind;
        }

        return NatsServerErrorKind.Unknown;
    }
}
