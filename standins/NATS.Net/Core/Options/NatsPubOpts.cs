namespace NATS.Client.Core;

public record NatsPubOpts
{
    [Obsolete("No longer has an effect.")]
    public bool? WaitUntilSent { get; init; }

    [Obsolete("No longer has an effect.")]
    public Action<Exception>? ErrorHandler { get; init; }
}
