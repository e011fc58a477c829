namespace NATS.Client.Core;

public enum NatsConnectionState
{
    Closed,
    Open,
    Connecting,
    Reconnecting,
    Failed,
}

public enum NatsRequestReplyMode
{
    SharedInbox,
    Direct,
}

[Flags]
public enum NatsMsgFlags : byte
{
    None = 0,
    Empty = 1,
    NoResponders = 2,
}

public enum NatsSubEndReason
{
    None,
    NoMsgs,
    MaxMsgs,
    MaxBytes,
    Timeout,
    IdleTimeout,
    EmptyMsg,
    IdleHeartbeatTimeout,
    StartUpTimeout,
    Cancelled,
    Exception,
    JetStreamError,
    RequestsPending,
}

/// <summary>What kind of <c>-ERR</c> a server sent.</summary>
public enum NatsServerErrorKind
{
    Unknown,
    AuthorizationViolation,
    AuthenticationExpired,
    AuthenticationRevoked,
    AccountAuthenticationExpired,
    PermissionsViolation,
    StaleConnection,
    MaximumConnectionsExceeded,
    MaximumAccountConnectionsExceeded,
    MaximumSubscriptionsExceeded,
}
