namespace NATS.Client.Core;

/// <summary>How long to wait between attempts, and when to stop making them.</summary>
internal sealed class ReconnectBackoff(NatsOpts opts, Exception? previous)
{
    private TimeSpan _wait = opts.ReconnectWaitMin;
    private string? _lastAuthError = AuthError(previous);

    /// <summary>Grows by half from the least wait to the longest, and adds the jitter.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var jitter = TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * opts.ReconnectJitter.TotalMilliseconds);
        var wait = _wait + jitter;
        var longest = opts.ReconnectWaitMax > opts.ReconnectWaitMin ? opts.ReconnectWaitMax : opts.ReconnectWaitMin;
        var next = _wait * 1.5;
        _wait = next < longest ? next : longest;
        return Task.Delay(wait, TimeProvider.System, cancellationToken);
    }

    /// <summary>Whether this is the second refusal of the credentials in the same words.</summary>
    public bool IsHopeless(Exception exception)
    {
        var error = AuthError(exception);
        var same = error is not null && error == _lastAuthError;
        _lastAuthError = error;
        return (same && !opts.IgnoreAuthErrorAbort) || exception is NotSupportedException;
    }

    private static string? AuthError(Exception? exception) => exception is NatsServerException { IsAuthError: true } refused ? refused.Error : null;
}
