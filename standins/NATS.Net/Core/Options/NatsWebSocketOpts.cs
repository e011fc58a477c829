namespace NATS.Client.Core;

/// <summary>Only a placeholder: <c>ws://</c> and <c>wss://</c> are not supported.</summary>
public sealed record NatsWebSocketOpts
{
    public static readonly NatsWebSocketOpts Default = new();
}
