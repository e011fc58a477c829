namespace OrderSystem.Tests.Support;

/// <summary>
/// Stops a service at one frame on its way: the frame is held, the test does what it came for (kill the process), and the connection
/// ends. It stops once; what comes after passes.
/// </summary>
internal sealed class FaultBreakpoint(TcpVerdict verdict, FaultBreakpoint.Place isHere)
{
    private readonly TaskCompletionSource<TcpLink> reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal delegate bool Place(TcpLink link, ReadOnlySpan<byte> frame);

    /// <summary>Waits until the frame has come.</summary>
    internal Task<TcpLink> ReachedAsync(TimeSpan within) => reached.Task.WaitAsync(within, TimeProvider.System);

    internal TcpVerdict Judge(TcpLink link, ReadOnlySpan<byte> frame) =>
        !reached.Task.IsCompleted && isHere(link, frame) && reached.TrySetResult(link) ? verdict : TcpVerdict.Pass;
}
