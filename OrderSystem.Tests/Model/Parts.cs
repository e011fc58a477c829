namespace OrderSystem.Tests.Model;

internal enum Kind
{
    Created,
    Cancelled,
    Succeeded,
    Declined,
    Refunded,
    RefundRequested,
    PartRefunded,
    PartFailed,
}

internal enum OrderState
{
    None,
    Pending,
    Paid,
    Failed,
    Cancelled,
}

internal enum PaymentState
{
    None,
    Charging,
    Unknown,
    Processing,
    Succeeded,
    Declined,
    Cancelled,
    Refunding,
    Refunded,
}

/// <summary>
/// An event of the ledger of a service: its identity is its order, its version, and the incarnation of the payment that it is about. Some
/// are about a refund.
/// </summary>
internal sealed record Event(int Order, int Version, Kind Kind, int Incarnation = 0, int Refund = 0);

/// <summary>A row of an outbox. While it is claimed no relay takes it.</summary>
internal sealed class Row(Event stored, int republishStamp)
{
    internal Event Event => stored;

    internal int RepublishStamp => republishStamp;

    internal bool IsClaimed { get; set; }
}

internal enum Delivery
{
    Waiting,
    Delivered,
    Acknowledged,
}

internal sealed class Message(Event stored, int republishStamp)
{
    internal Event Event => stored;

    internal int RepublishStamp => republishStamp;

    internal Delivery State { get; set; }

    /// <summary>How often it was delivered to its consumer.</summary>
    internal int Deliveries { get; set; }
}

/// <summary>One database with its ledger, outbox and inbox, and the stream that its relays publish to.</summary>
internal sealed class Service
{
    internal List<Event> Events { get; } = [];

    internal List<Row> Outbox { get; } = [];

    internal HashSet<Event> Inbox { get; } = [];

    internal List<Message> Stream { get; } = [];

    /// <summary>Message ids within the duplicate window.</summary>
    internal HashSet<(Event Event, int RepublishStamp)> Known { get; } = [];

    /// <summary>Events that the stream has acknowledged, in the order of their first acknowledgement.</summary>
    internal List<Event> Acknowledged { get; } = [];

    internal Relay[] Relays { get; } = [new(), new()];

    internal void Commit(Event stored)
    {
        Events.Add(stored);
        Outbox.Add(new(stored, republishStamp: 0));
    }

    /// <summary>Queues the events of an order again, except those that are still in the outbox.</summary>
    internal void Republish(int order, int republishStamp)
    {
        foreach (var stored in Events.Where(stored => stored.Order == order && Outbox.TrueForAll(row => row.Event != stored)))
            Outbox.Add(new(stored, republishStamp));
    }

    internal void Store(Row row)
    {
        if (Known.Add((row.Event, row.RepublishStamp)))
            Stream.Add(new(row.Event, row.RepublishStamp));
        if (!Acknowledged.Contains(row.Event))
            Acknowledged.Add(row.Event);
    }
}

internal sealed class Relay
{
    internal Row? Held { get; set; }

    internal bool IsAcknowledged { get; set; }
}

internal sealed class Order
{
    internal OrderState State { get; set; }

    /// <summary>Its cancellation was republished, and the next republishing is not due.</summary>
    internal bool IsRepublished { get; set; }
}

internal sealed class Payment
{
    internal PaymentState State { get; set; }

    internal int Key { get; set; }

    internal int RefundKey { get; set; }

    /// <summary>The lease has not expired.</summary>
    internal bool IsLeased { get; set; }

    internal bool IsCancelled { get; set; }

    /// <summary>How many charge calls may have had an effect.</summary>
    internal int Attempts { get; set; }

    /// <summary>The row may be older than the provider's state.</summary>
    internal bool IsInDoubt { get; set; }

    /// <summary>The provider may have forgotten the key.</summary>
    internal bool IsKeyOld { get; set; }

    internal bool HadNoCharge { get; set; }

    internal int Events { get; set; }
}

internal enum ConsumerStage
{
    Idle,
    Received,
    LookingUp,
    Begun,
    Responded,
    NoResponse,

    /// <summary>The call certainly had no effect.</summary>
    NoEffect,

    /// <summary>The outcome is committed and its event is not, which happens only without the safeguard.</summary>
    EventMissing,
    RefundBegun,
    RefundResponded,
    PartLookingUp,
    PartBegun,
    PartResponded,
    Done,
}

/// <summary>A consumer of one stream: a worker, or the API's.</summary>
internal sealed class Consumer
{
    internal ConsumerStage Stage { get; set; }

    internal Message? Held { get; set; }

    internal int Order { get; set; }

    internal bool IsSuccess { get; set; }

    /// <summary>The provider has accepted the charge, and its outcome comes later.</summary>
    internal bool IsProcessing { get; set; }

    /// <summary>The refund of a paid order that it is making.</summary>
    internal Part? Part { get; set; }

    /// <summary>The refund at the provider; null when it was declined.</summary>
    internal int? Made { get; set; }

    /// <summary>The message was redelivered or republished.</summary>
    internal bool IsDoubtful { get; set; }

    /// <summary>Loses its memory, as in a crash.</summary>
    internal void Forget() => (Stage, Held) = (ConsumerStage.Idle, null);
}

/// <summary>What the provider says about a charge.</summary>
internal enum Answer
{
    Succeeded,
    Declined,
    Processing,
}

/// <summary>
/// A report of the provider about a charge that was processing, or about a part that was given back; the same however often it is
/// delivered.
/// </summary>
internal sealed record Webhook(int Number, int Order, bool IsSuccess, GivenBack? Part = null);

/// <summary>The provider answers the same key with the same charge, as long as it retains the key.</summary>
internal sealed class Provider
{
    private readonly Dictionary<int, Answer> charges = [];
    private readonly HashSet<int> refunds = [];
    private readonly HashSet<int> declined = [];
    private readonly HashSet<int> byHand = [];

    /// <summary>The order of each successful charge.</summary>
    internal List<int> Charged { get; } = [];

    internal List<int> Refunded { get; } = [];

    /// <summary>Charges whose outcome is decided and not reported yet.</summary>
    internal List<(int Order, bool IsSuccess)> Pending { get; } = [];

    /// <summary>Webhooks that are on their way.</summary>
    internal List<Webhook> Webhooks { get; } = [];

    /// <summary>What was given back of the charge of a paid order.</summary>
    internal List<GivenBack> GivenBack { get; } = [];

    private readonly Dictionary<int, GivenBack> parts = [];
    private int webhooks;

    internal Answer Charge(int order, int key, bool wouldSucceed, bool isProcessed = false)
    {
        if (charges.TryGetValue(key, out var before))
            return before;
        charges.Add(key, isProcessed ? Answer.Processing : wouldSucceed ? Answer.Succeeded : Answer.Declined);
        if (isProcessed)
            Pending.Add((order, wouldSucceed));
        else
            End(order, wouldSucceed);
        return charges[key];
    }

    /// <summary>A charge has its outcome, and a webhook reports it.</summary>
    internal void Settle(int place)
    {
        var (order, isSuccess) = Pending[place];
        Pending.RemoveAt(place);
        End(order, isSuccess);
        Webhooks.Add(new(++webhooks, order, isSuccess));
    }

    /// <summary>The charge of the order, refunded or not; null for none.</summary>
    internal Answer? Find(int order) => Pending.Exists(pending => pending.Order == order) ? Answer.Processing
        : Charged.Contains(order) ? Answer.Succeeded
        : declined.Contains(order) ? Answer.Declined
        : null;

    private void End(int order, bool isSuccess)
    {
        if (isSuccess)
            Charged.Add(order);
        else
            declined.Add(order);
    }

    /// <summary>False: the provider rejects the refund, because the charge was refunded by hand.</summary>
    internal bool Refund(int order, int key)
    {
        if (byHand.Contains(order))
            return false;
        if (refunds.Add(key))
            Refunded.Add(order);
        return true;
    }

    internal void RefundByHand(int order)
    {
        byHand.Add(order);
        Refunded.Add(order);
    }

    /// <summary>Null: less is left of the charge, which the key does not keep. A refund of ours carries its id.</summary>
    internal GivenBack? GiveBack(int order, int key, int refund, int amount)
    {
        if (parts.TryGetValue(key, out var before))
            return before;
        if (amount > World.ChargedAmount - GivenBack.Where(part => part.Order == order).Sum(part => part.Amount))
            return null;
        var made = new GivenBack(GivenBack.Count + 1, order, refund, amount);
        GivenBack.Add(made);
        parts.Add(key, made);
        Report(made);
        return made;
    }

    /// <summary>Two events tell of each part: that it was made, and of the charge or of a later state.</summary>
    internal void Report(GivenBack part)
    {
        for (var time = 0; time < 2; time++)
            Webhooks.Add(new(++webhooks, part.Order, IsSuccess: true, part));
    }

    internal GivenBack? FindPart(int refund) => GivenBack.Find(part => part.Refund == refund);

    internal void ForgetKeys()
    {
        parts.Clear();
        charges.Clear();
        refunds.Clear();
    }
}
