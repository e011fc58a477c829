namespace NATS.Client.JetStream;

/// <summary>Something happened to a pull that did not end it.</summary>
public interface INatsJSNotification
{
    string Name { get; }
}

/// <summary>Nothing came from the server for two heartbeats; the pull is issued again.</summary>
public record NatsJSTimeoutNotification : INatsJSNotification
{
    public static readonly NatsJSTimeoutNotification Default = new();

    public string Name => "Timeout";
}

/// <summary>Status 503: no JetStream there at the moment, or no such consumer any more.</summary>
public record NatsJSNoRespondersNotification : INatsJSNotification
{
    public static readonly NatsJSNoRespondersNotification Default = new();

    public string Name => "No Responders";
}

public record NatsJSLeadershipChangeNotification : INatsJSNotification
{
    public static readonly NatsJSLeadershipChangeNotification Default = new();

    public string Name => "Leadership Change";
}

public record NatsJSMessageSizeExceedsMaxBytesNotification : INatsJSNotification
{
    public static readonly NatsJSMessageSizeExceedsMaxBytesNotification Default = new();

    public string Name => "Message Size Exceeds MaxBytes";
}

/// <summary>A status that the client has no other use for.</summary>
public record NatsJSProtocolNotification(string Name, int HeaderCode, string HeaderMessageText) : INatsJSNotification;
