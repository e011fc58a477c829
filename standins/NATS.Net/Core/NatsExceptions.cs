namespace NATS.Client.Core;

/// <summary>The base of everything this client throws about NATS.</summary>
public class NatsException : Exception
{
    public NatsException(string message)
        : base(message)
    {
    }

    public NatsException(string message, Exception exception)
        : base(message, exception)
    {
    }

    public static void Throw(string message) => throw new NatsException(message);
}

/// <summary>Nobody listens to the subject of the request (status 503).</summary>
public sealed class NatsNoRespondersException() : NatsException("No responders");

/// <summary>The request was sent and no answer came in time.</summary>
public sealed class NatsNoReplyException() : NatsException("No reply received")
{
    public static void Throw() => throw new NatsNoReplyException();
}

/// <summary>The server answered with <c>-ERR</c>.</summary>
public sealed class NatsServerException(string error) : NatsException($"Server error: {error}")
{
    public string Error { get; } = error;

    public bool IsAuthError { get; } = error.Contains("authorization violation", StringComparison.OrdinalIgnoreCase)
        || error.Contains("user authentication expired", StringComparison.OrdinalIgnoreCase)
        || error.Contains("user authentication revoked", StringComparison.OrdinalIgnoreCase)
        || error.Contains("account authentication expired", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A command could not be written in time.</summary>
public sealed class NatsTimeoutException() : NatsException("Timed out waiting to send a command")
{
    public static void Throw() => throw new NatsTimeoutException();
}

/// <summary>The payload with its headers is larger than the server accepts.</summary>
public sealed class NatsPayloadTooLargeException(string error) : NatsException(error);

/// <summary>The connection gave up for good; see the message for the reason.</summary>
public sealed class NatsConnectionFailedException(string message) : NatsException(message);

/// <summary>The payload could not be read; <see cref="RawData"/> is its copy.</summary>
public sealed class NatsDeserializeException(byte[] rawData, Exception inner) : NatsException("Exception during deserialization", inner)
{
    public byte[] RawData { get; } = rawData;
}

/// <summary>The headers could not be read; <see cref="RawHeaders"/> is their copy.</summary>
public sealed class NatsHeaderParseException(byte[] rawHeaders, Exception inner) : NatsException("Exception parsing headers", inner)
{
    public byte[] RawHeaders { get; } = rawHeaders;
}
