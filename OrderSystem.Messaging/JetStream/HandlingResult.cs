using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Handles one kind of event. It says what should happen to the message; the consumer loop does it.</summary>
/// <typeparam name="TEvent">The event.</typeparam>
public interface IEventHandler<TEvent>
    where TEvent : IOrderEvent
{
    /// <summary>Handles the event. What it changes must be committed, together with the inbox row, when it answers <see cref="HandlingResult.Done"/>.</summary>
    /// <param name="received">The event; a duplicate must have no effect.</param>
    /// <param name="cancellationToken">Cancelled when the service has to be gone; the message is then delivered again.</param>
    Task<HandlingResult> HandleAsync(ReceivedEvent<TEvent> received, CancellationToken cancellationToken);
}

/// <summary>What should happen to a message.</summary>
public readonly record struct HandlingResult
{
    private HandlingResult(Verdict verdict, TimeSpan delay, string? reason) => (Kind, Delay, Reason) = (verdict, delay, reason);

    internal enum Verdict
    {
        Done,
        Retry,
        Reject,
    }

    /// <summary>It took effect, now or earlier: acknowledge it.</summary>
    public static HandlingResult Done { get; } = new(Verdict.Done, default, null);

    internal Verdict Kind { get; }

    internal TimeSpan Delay { get; }

    internal string? Reason { get; }

    /// <summary>It could not take effect yet: deliver it again after about <paramref name="delay"/>.</summary>
    public static HandlingResult Retry(TimeSpan delay, string reason) => new(Verdict.Retry, delay, reason);

    /// <summary>It can never take effect: keep it as a dead letter with the reason, and go on.</summary>
    public static HandlingResult Reject(string reason) => new(Verdict.Reject, default, reason);
}
