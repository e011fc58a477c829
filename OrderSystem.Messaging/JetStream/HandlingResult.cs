using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Handles one type of event. Its result decides what the consumer loop does with the message.</summary>
/// <typeparam name="TEvent">The event.</typeparam>
public interface IEventHandler<TEvent>
    where TEvent : IOrderEvent
{
    /// <summary>
    /// Handles the event. Its changes and the inbox row must be committed in one transaction before it returns
    /// <see cref="HandlingResult.Done"/>.
    /// </summary>
    /// <param name="received">The event, at least once: a duplicate must have no effect.</param>
    /// <param name="cancellationToken">Cancelled when the shutdown timeout has elapsed; the message is then redelivered.</param>
    Task<HandlingResult> HandleAsync(ReceivedEvent<TEvent> received, CancellationToken cancellationToken);
}

/// <summary>What happens to a message.</summary>
public readonly record struct HandlingResult
{
    private HandlingResult(Verdict verdict, TimeSpan delay, string? reason) => (Kind, Delay, Reason) = (verdict, delay, reason);

    internal enum Verdict
    {
        Done,
        Retry,
        Reject,
    }

    /// <summary>Processed, now or earlier: acknowledge the message.</summary>
    public static HandlingResult Done { get; } = new(Verdict.Done, default, null);

    internal Verdict Kind { get; }

    internal TimeSpan Delay { get; }

    internal string? Reason { get; }

    /// <summary>Its <c>error.type</c> in metrics; null for a success.</summary>
    internal string? ErrorType => Kind switch
    {
        Verdict.Done => null,
        Verdict.Retry => "retry",
        _ => "rejected",
    };

    /// <summary>Not processed yet: redeliver the message after about <paramref name="delay"/>.</summary>
    public static HandlingResult Retry(TimeSpan delay, string reason) => new(Verdict.Retry, delay, reason);

    /// <summary>Can never be processed: make the message a dead letter with this reason.</summary>
    public static HandlingResult Reject(string reason) => new(Verdict.Reject, default, reason);
}
