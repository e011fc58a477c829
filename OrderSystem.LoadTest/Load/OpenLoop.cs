using System.Threading.Channels;

namespace OrderSystem.LoadTest.Load;

/// <summary>
/// Orders arrive at a fixed rate, as from independent clients. An order that finds every connection busy waits, and its latency counts from
/// when it was due. A stalled system therefore cannot hide behind requests that were not made (coordinated omission).
/// </summary>
internal static class OpenLoop
{
    /// <summary>How long after the end of the schedule waiting orders are still sent.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    internal static async Task RunAsync(Schedule schedule, LoadClients clients, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(schedule.Duration + DrainTimeout, clients.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
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
