using NATS.Client.Core;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.JetStream;

/// <summary>What is at fault when a handler fails, and so what follows.</summary>
internal enum FailureKind
{
    /// <summary>The message: no redelivery can succeed, and it becomes a dead letter at once.</summary>
    Message,

    /// <summary>This attempt: the message is redelivered with backoff, and the delivery counts towards the limit.</summary>
    Attempt,

    /// <summary>The service's own infrastructure: the delivery does not count, and three messages in a row that fail so suspend pulling.</summary>
    Infrastructure,
}

/// <summary>The one place where a failure gets its kind.</summary>
internal static class Failures
{
    internal static FailureKind KindOf(Exception failure) => failure switch
    {
        PostgresException value when PostgresErrors.IsAboutAValue(value) => FailureKind.Message,
        NatsException => FailureKind.Infrastructure,
        _ when PostgresErrors.IsUnavailable(failure) => FailureKind.Infrastructure,
        _ => FailureKind.Attempt,
    };
}
