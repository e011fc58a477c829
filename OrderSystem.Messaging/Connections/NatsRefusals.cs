using NATS.Client.Core;

namespace OrderSystem.Messaging.Connections;

/// <summary>The user of this connection may not do that.</summary>
public sealed class NatsRefusedException(string message) : NatsException(message);

/// <summary>
/// A server that refuses a publish says so on the connection and answers nobody: who asked would wait for his time-out, and take it for a
/// server that is away.
/// </summary>
public static class NatsRefusals
{
    /// <summary>Asks, and ends as soon as the server refuses.</summary>
    /// <param name="connection">That is asked on.</param>
    /// <param name="subject">That is published to.</param>
    /// <param name="ask">The question.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NatsRefusedException">The user may not publish to the subject.</exception>
    public static async Task<T> AskAsync<T>(this INatsConnection connection, string subject, Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        using var refused = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        string? refusal = null;
        connection.ServerError += OnServerErrorAsync;
        try
        {
            return await ask(refused.Token);
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
