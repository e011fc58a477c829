using NATS.Client.Core;

namespace OrderSystem.Messaging.Connections;

/// <summary>The user of this connection may not do that.</summary>
public sealed class NatsRefusedException(string message) : NatsException(message);

/// <summary>NATS gave no answer in time; trying again will help once it is there.</summary>
public sealed class NatsUnavailableException(string message) : NatsException(message);

/// <summary>Requests that a person or a probe waits for.</summary>
public static class NatsRequests
{
    /// <summary>An answer takes milliseconds, the election of a stream's leader a second or two.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    /// <summary>Asks under a deadline: without one the client waits for a lost connection as long as its caller does.</summary>
    /// <param name="connection">That is asked on.</param>
    /// <param name="ask">The question.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NatsUnavailableException">The connection is lost, or no answer came within three seconds.</exception>
    public static async Task<T> AskAsync<T>(this INatsConnection connection, Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        if (connection.ConnectionState is (NatsConnectionState.Reconnecting or NatsConnectionState.Failed) and var state)
            throw new NatsUnavailableException($"the connection to NATS is {state}");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            return await ask(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NatsUnavailableException($"NATS did not answer within {Deadline.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// Asks, and ends as soon as the server refuses: it says so on the connection and answers no request, so that the caller would wait for
    /// the deadline, and take the refusal for a server that is away.
    /// </summary>
    /// <param name="connection">That is asked on.</param>
    /// <param name="subject">That is published to.</param>
    /// <param name="ask">The question.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NatsRefusedException">The user may not publish to the subject.</exception>
    /// <exception cref="NatsUnavailableException">The connection is lost, or no answer came within three seconds.</exception>
    public static async Task<T> AskAsync<T>(this INatsConnection connection, string subject, Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        using var refused = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        string? refusal = null;
        connection.ServerError += OnServerErrorAsync;
        try
        {
            return await connection.AskAsync(ask, refused.Token);
        }
        catch (Exception failure) when (refusal is not null && failure is NatsException or OperationCanceledException)
        {
            throw new NatsRefusedException($"this user may not publish to {subject}");
        }
        finally
        {
            connection.ServerError -= OnServerErrorAsync;
        }

        ValueTask OnServerErrorAsync(object? sender, NatsServerErrorEventArgs error)
        {
            if (error.Kind != NatsServerErrorKind.PermissionsViolation || !error.Error.Contains($"\"{subject}\"", StringComparison.Ordinal))
                return ValueTask.CompletedTask;
            refusal = error.Error;
            return new(refused.CancelAsync());
        }
    }
}
