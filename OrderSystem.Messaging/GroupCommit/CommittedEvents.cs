using System.Threading.Channels;
using OrderSystem.Messaging.Envelope;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>
/// Hands committed events to the relay of the same process. Losing one here delays the event and does not lose it: its row stays in the
/// outbox, from where any relay publishes it after the head start.
/// </summary>
public sealed class CommittedEvents
{
    private readonly Channel<StoredEvent> direct = Channel.CreateBounded<StoredEvent>(
        new BoundedChannelOptions(8_192) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Events that may be published from memory.</summary>
    internal ChannelReader<StoredEvent> Direct => direct.Reader;

    /// <summary>Signals that the outbox has an event that must be published from the table.</summary>
    internal PollSignal TableSignal { get; } = new();

    internal void Add(StoredEvent stored)
    {
        if (stored.IsFirst)
            direct.Writer.TryWrite(stored);
        else
            TableSignal.Set();
    }
}
