using System.Threading.Channels;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>
/// Ends the wait of a polling loop before its period is over. Signals that come during a poll are one signal for the next.
/// </summary>
public sealed class PollSignal
{
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Ends the current wait, or the next one.</summary>
    public void Set() => signal.Writer.TryWrite(true);

    /// <summary>Waits for the period or a signal. It also returns, without an exception, when it is cancelled.</summary>
    /// <param name="period">Longest wait.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(TimeSpan period, TimeProvider time, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(period, time, either.Token), signal.Reader.WaitToReadAsync(either.Token).AsTask());
        await either.CancelAsync();
        signal.Reader.TryRead(out _);
    }
}
