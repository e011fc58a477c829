using NATS.Client.Core;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.JetStream;

/// <summary>What is at fault when a handler fails, and so what follows.</summary>
internal enum FailureKind
{
    /// <summary>The message: it can never succeed, and is kept as a dead letter at once.</summary>
    Message,

    /// <summary>This attempt: it is made again with growing waits, and counts towards the limit of deliveries.</summary>
    Attempt,

    /// <summary>The service's own infrastructure: it never counts, and enough of them suspend pulling.</summary>
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
