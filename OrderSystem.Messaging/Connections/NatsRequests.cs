using NATS.Client.Core;

namespace OrderSystem.Messaging.Connections;

/// <summary>The user of the connection lacks the permission.</summary>
public sealed class NatsRefusedException(string message) : NatsException(message);

/// <summary>NATS did not respond in time; a retry succeeds when it is available again.</summary>
public sealed class NatsUnavailableException(string message) : NatsException(message);

/// <summary>Requests with a deadline, for operators and probes that wait for the result.</summary>
public static class NatsRequests
{
    /// <summary>A response takes milliseconds, the election of a stream leader a second or two.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    /// <summary>Sends a request with a deadline: without one the client waits for a lost connection as long as its caller does.</summary>
    /// <param name="connection">The connection of the request.</param>
    /// <param name="ask">Sends the request.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="NatsUnavailableException">The connection is lost, or no response came within three seconds.</exception>
    public static async Task<T> AskAsync<T>(
        this INatsConnection connection, Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
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
            throw new NatsUnavailableException($"NATS did not respond within {Deadline.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// Sends a request and fails as soon as the server denies the permission: it reports that on the connection instead of answering, so
    /// that the caller would otherwise wait for the deadline and mistake the denial for an unavailable server.
    /// </summary>
    /// <param name="connection">The connection of the request.</param>
    /// <param name="subject">The subject that the request publishes to.</param>
    /// <param name="ask">Sends the request.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="NatsRefusedException">The user may not publish to the subject.</exception>
    /// <exception cref="NatsUnavailableException">The connection is lost, or no response came within three seconds.</exception>
    public static async Task<T> AskAsync<T>(
        this INatsConnection connection, string subject, Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        using var denied = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        string? denial = null;
        connection.ServerError += OnServerErrorAsync;
        try
        {
            return await connection.AskAsync(ask, denied.Token);
        }
        catch (Exception failure) when (denial is not null && failure is NatsException or OperationCanceledException)
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
            denial = error.Error;
            return new(denied.CancelAsync());
        }
    }
}
