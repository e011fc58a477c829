namespace OrderSystem.LoadTest.Load;

/// <summary>Each connection sends its next order after the response to the last one: as fast as the system accepts them.</summary>
internal static class ClosedLoop
{
    internal static async Task RunAsync(TimeSpan duration, LoadClients clients, CancellationToken cancellationToken)
    {
        var (start, number) = (clients.Time.GetTimestamp(), clients.FirstNumber - 1);
        await clients.RunAsync(async connection =>
        {
            while (clients.Time.GetElapsedTime(start) < duration && !cancellationToken.IsCancellationRequested)
            {
                if (!await connection.PlaceAsync(Interlocked.Increment(ref number), clients.Time.GetTimestamp()))
                    await connection.PauseAsync(cancellationToken);
            }
        });
        cancellationToken.ThrowIfCancellationRequested();
    }
}
