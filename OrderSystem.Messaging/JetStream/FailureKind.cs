using NATS.Client.Core;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.JetStream;

/// <summary>The cause of a handler failure, which decides what happens to the message.</summary>
internal enum FailureKind
{
    /// <summary>The message (poison message): no redelivery can succeed; it becomes a dead letter at once.</summary>
    Message,

    /// <summary>This attempt: the message is redelivered with exponential backoff, and the delivery counts towards the limit.</summary>
    Attempt,

    /// <summary>A dependency of the service: the delivery does not count, and three consecutive failures suspend pulling.</summary>
    Dependency,
}

/// <summary>Classifies failures of handlers.</summary>
internal static class Failures
{
    internal static FailureKind KindOf(Exception failure) => failure switch
    {
        PostgresException value when PostgresErrors.IsAboutAValue(value) => FailureKind.Message,
        NatsException => FailureKind.Dependency,
        _ when PostgresErrors.IsUnavailable(failure) => FailureKind.Dependency,
        _ => FailureKind.Attempt,
    };
}
