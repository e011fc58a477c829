namespace OrderSystem.Tests.Support;

/// <summary>
/// Stops a service at one frame: the proxy holds the frame, the test acts (for example, it kills the process), and the connection ends.
/// The breakpoint triggers once; later frames pass.
/// </summary>
internal sealed class FaultBreakpoint(TcpVerdict verdict, FaultBreakpoint.Place isHere)
{
    private readonly TaskCompletionSource<TcpLink> reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal delegate bool Place(TcpLink link, ReadOnlySpan<byte> frame);

    /// <summary>Waits until the frame has arrived.</summary>
    internal Task<TcpLink> ReachedAsync(TimeSpan within) => reached.Task.WaitAsync(within, TimeProvider.System);

    internal TcpVerdict Judge(TcpLink link, ReadOnlySpan<byte> frame) =>
        !reached.Task.IsCompleted && isHere(link, frame) && reached.TrySetResult(link) ? verdict : TcpVerdict.Pass;
}
