using System.Threading.Channels;

namespace OrderSystem.Messaging.Outbox;

/// <summary>
/// Events on their way from a commit to the relay of the same process. Losing one here costs time, not the event: its row is still in the
/// outbox, and any relay takes it from there after the head start.
/// </summary>
public sealed class CommittedEvents
{
    private readonly Channel<StoredEvent> direct = Channel.CreateBounded<StoredEvent>(new BoundedChannelOptions(8_192) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    internal ChannelReader<StoredEvent> Direct => direct.Reader;

    /// <summary>An event was committed that has to be taken from the table.</summary>
    internal ChannelReader<bool> TableSignal => signal.Reader;

    internal void Add(StoredEvent stored)
    {
        if (stored.IsFirst)
            direct.Writer.TryWrite(stored);
        else
            signal.Writer.TryWrite(true);
    }
}
