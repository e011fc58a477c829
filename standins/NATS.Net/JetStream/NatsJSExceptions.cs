using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

public class NatsJSException : NatsException
{
    public NatsJSException(string message)
        : base(message)
    {
    }

    public NatsJSException(string message, Exception exception)
        : base(message, exception)
    {
    }
}

/// <summary>The JetStream API answered with an error.</summary>
public class NatsJSApiException(ApiError error) : NatsJSException(error.Description ?? $"JetStream API error {error.Code}")
{
    public ApiError Error { get; } = error;
}

/// <summary>The message id was published before; <see cref="Sequence"/> is that of the first message.</summary>
public class NatsJSDuplicateMessageException(ulong sequence) : NatsJSException($"Duplicate of {sequence}")
{
    public ulong Sequence { get; } = sequence;
}

/// <summary>No stream takes the subject, or its server did not answer in time.</summary>
public class NatsJSPublishNoResponseException() : NatsJSException("No response received from the server")
{
    public static readonly NatsJSPublishNoResponseException Default = new();
}

/// <summary>The JetStream API did not answer.</summary>
public class NatsJSApiNoResponseException : NatsJSException
{
    public NatsJSApiNoResponseException()
        : base("No API response received from the server")
    {
    }

    public NatsJSApiNoResponseException(NatsSubEndReason reason)
        : base($"No API response received from the server: {reason}") => Reason = reason;

    public NatsSubEndReason Reason { get; }
}

public class NatsJSTimeoutException(string type) : NatsJSException($"{type} timed out")
{
    public string Type { get; } = type;
}

/// <summary>A status that ends a pull, such as 409 when the consumer was deleted.</summary>
public class NatsJSProtocolException(int headerCode, NatsHeaders.Messages headerMessage, string headerMessageText)
    : NatsJSException($"JetStream server error: {headerCode} {headerMessageText}")
{
    public int HeaderCode { get; } = headerCode;

    public NatsHeaders.Messages HeaderMessage { get; } = headerMessage;

    public string HeaderMessageText { get; } = headerMessageText;
}

public class NatsJSConnectionException(string reason) : NatsJSException($"Connection error: {reason}")
{
    public string Reason { get; } = reason;
}
