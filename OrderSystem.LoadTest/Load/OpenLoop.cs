using System.Threading.Channels;

namespace OrderSystem.LoadTest.Load;

/// <summary>
/// Orders come at a rate, as from clients that know nothing of each other. One that finds every connection busy waits, and its latency counts
/// from when it was meant to be sent: a system that stands still cannot hide behind requests that were not made (coordinated omission).
/// </summary>
internal static class OpenLoop
{
    /// <summary>How long after the last one was due what waits is still sent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    internal static async Task RunAsync(Schedule schedule, LoadClients clients, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(schedule.Duration + Patience, clients.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var due = Channel.CreateUnbounded<Due>(new() { SingleWriter = true });
        new Pacer(schedule, due.Writer, clients.Time, either.Token).Start();
        await clients.RunAsync(async connection =>
        {
            while (await due.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (due.Reader.TryRead(out var next))
                {
                    if (either.IsCancellationRequested)
                        clients.Recorder.Unsent();
                    else
                        await connection.PlaceAsync(clients.FirstNumber + next.Number, next.At);
                }
            }
        });
        cancellationToken.ThrowIfCancellationRequested();
    }
}
