namespace OrderSystem.Tests.Model;

internal enum Kind
{
    Created,
    Cancelled,
    Succeeded,
    Declined,
    Refunded,
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
    Succeeded,
    Declined,
    Cancelled,
    Refunding,
    Refunded,
}

/// <summary>An event of the ledger of a service: its identity is its order, its version, and the life of the payment that told it.</summary>
internal sealed record Event(int Order, int Version, Kind Kind, int Life = 0);

/// <summary>A row of an outbox. While it is claimed no relay takes it.</summary>
internal sealed class Row(Event stored, int emission)
{
    internal Event Event => stored;

    internal int Emission => emission;

    internal bool IsClaimed { get; set; }
}

internal enum Delivery
{
    Waiting,
    Delivered,
    Acknowledged,
}

internal sealed class Message(Event told, int emission)
{
    internal Event Event => told;

    internal int Emission => emission;

    internal Delivery State { get; set; }

    /// <summary>How often its consumer has been given it.</summary>
    internal int Deliveries { get; set; }
}

/// <summary>One database with its ledger, outbox and inbox, and the stream that its relays fill.</summary>
internal sealed class Service
{
    internal List<Event> Events { get; } = [];

    internal List<Row> Outbox { get; } = [];

    internal HashSet<Event> Inbox { get; } = [];

    internal List<Message> Stream { get; } = [];

    /// <summary>Message ids within the duplicate window.</summary>
    internal HashSet<(Event Event, int Emission)> Known { get; } = [];

    /// <summary>Events that the stream has acknowledged, in the order of the first time.</summary>
    internal List<Event> Acknowledged { get; } = [];

    internal Relay[] Relays { get; } = [new(), new()];

    internal void Commit(Event stored)
    {
        Events.Add(stored);
        Outbox.Add(new(stored, emission: 0));
    }

    /// <summary>Queues the events of an order once more; what waits already waits on.</summary>
    internal void OfferAgain(int order, int emission)
    {
        foreach (var stored in Events.Where(stored => stored.Order == order && Outbox.TrueForAll(row => row.Event != stored)))
            Outbox.Add(new(stored, emission));
    }

    internal void Store(Row row)
    {
        if (Known.Add((row.Event, row.Emission)))
            Stream.Add(new(row.Event, row.Emission));
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

    /// <summary>The sweeper has offered its cancellation, and it is not time for the next.</summary>
    internal bool IsOffered { get; set; }
}

internal sealed class Payment
{
    internal PaymentState State { get; set; }

    internal int Key { get; set; }

    internal int RefundKey { get; set; }

    /// <summary>The lease has not run out.</summary>
    internal bool IsLeased { get; set; }

    internal bool IsCancelled { get; set; }

    /// <summary>How often something may have been sent to charge it.</summary>
    internal int Attempts { get; set; }

    /// <summary>The database may have forgotten what the provider knows.</summary>
    internal bool IsInDoubt { get; set; }

    /// <summary>The provider may have forgotten the key.</summary>
    internal bool IsKeyOld { get; set; }

    internal bool HadNoCharge { get; set; }

    internal int Events { get; set; }
}

internal enum Stage
{
    Idle,
    Received,
    LookingUp,
    Begun,
    Answered,
    NoAnswer,

    /// <summary>Certainly nothing has happened.</summary>
    NoEffect,

    /// <summary>The outcome is committed and its event is not: only without the guard.</summary>
    Untold,
    RefundBegun,
    RefundAnswered,
    Done,
}

/// <summary>A consumer of one stream: a worker, or the API's.</summary>
internal sealed class Consumer
{
    internal Stage Stage { get; set; }

    internal Message? Held { get; set; }

    internal int Order { get; set; }

    internal bool IsSuccess { get; set; }

    /// <summary>The message was delivered or sent before.</summary>
    internal bool IsDoubtful { get; set; }

    /// <summary>Everything in its memory is gone.</summary>
    internal void Forget() => (Stage, Held) = (Stage.Idle, null);
}

/// <summary>The provider answers the same key with the same charge, for as long as it remembers the key.</summary>
internal sealed class Provider
{
    private readonly Dictionary<int, bool> charges = [];
    private readonly HashSet<int> refunds = [];
    private readonly HashSet<int> declined = [];
    private readonly HashSet<int> byHand = [];

    /// <summary>Orders by successful charge, counted by order.</summary>
    internal List<int> Charged { get; } = [];

    internal List<int> Refunded { get; } = [];

    internal bool Charge(int order, int key, bool wouldSucceed)
    {
        if (charges.TryGetValue(key, out var before))
            return before;
        charges.Add(key, wouldSucceed);
        if (wouldSucceed)
            Charged.Add(order);
        else
            declined.Add(order);
        return wouldSucceed;
    }

    /// <summary>What it has of the order: a charge, whether given back or not, one that was declined, or none.</summary>
    internal bool? Find(int order) => Charged.Contains(order) ? true : declined.Contains(order) ? false : null;

    /// <summary>False: it refuses, because somebody gave the money back there.</summary>
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

    internal void ForgetKeys()
    {
        charges.Clear();
        refunds.Clear();
    }
}
