using System.Globalization;
using OrderSystem.PaymentGateway.Answers;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>The key's entry, or whether another call holds the key. With neither, the caller holds it until it releases it.</summary>
internal readonly record struct Claim(Entry? Known, bool IsInUse);

/// <summary>The ledger in memory, by key, order and sequence. The lock is never held across I/O.</summary>
internal sealed class LedgerIndex
{
    private readonly Lock gate = new();
    private readonly List<Entry> entries = [];
    private readonly Dictionary<UInt128, Entry> byKey = [];
    private readonly Dictionary<UInt128, Charge> lastOfOrder = [];
    private readonly HashSet<UInt128> keysInUse = [];
    private readonly List<LedgerLine> processedBefore = [];
    private readonly SortedSet<string> chargedTwice = new(StringComparer.Ordinal);
    private string ledgerName = string.Empty;
    private long succeeded;
    private long declined;
    private long refunds;

    public long Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    /// <summary>The charges of earlier runs that were processed, in the order in which they were made.</summary>
    public IReadOnlyList<LedgerLine> ProcessedBefore => processedBefore;

    public string IdOf(Entry entry) => IdOf(
        entry switch
        {
            Refund { IsChargeback: true } => LedgerLine.ChargebackKind,
            Refund => LedgerLine.RefundKind,
            _ => LedgerLine.ChargeKind,
        },
        entry.Sequence);

    public string IdOf(string kind, long sequence)
    {
        var prefix = kind switch { LedgerLine.ChargeKind => "ch", LedgerLine.RefundKind => "re", _ => "dp" };
        return string.Create(CultureInfo.InvariantCulture, $"{prefix}_{ledgerName}_{sequence}");
    }

    public Claim Claim(UInt128 key)
    {
        lock (gate) return byKey.TryGetValue(key, out var known) ? new(known, IsInUse: false) : new(Known: null, !keysInUse.Add(key));
    }

    public void Release(UInt128 key)
    {
        lock (gate) keysInUse.Remove(key);
    }

    public List<Charge> ChargesOf(UInt128 order)
    {
        lock (gate)
        {
            var charges = new List<Charge>();
            var charge = lastOfOrder.GetValueOrDefault(order);
            for (; charge is not null; charge = charge.PreviousOfOrder) charges.Add(charge);
            charges.Reverse();
            return charges;
        }
    }

    public Charge? FindCharge(string id)
    {
        var sequence = id.AsSpan(id.LastIndexOf('_') + 1);
        if (!int.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        lock (gate)
        {
            var entry = number > 0 && number <= entries.Count ? entries[number - 1] : null;
            return entry is Charge charge && IdOf(charge) == id ? charge : null;
        }
    }

    /// <summary>The refunds of a charge, the oldest first, without chargebacks.</summary>
    public List<Refund> RefundsOf(Charge charge)
    {
        lock (gate)
        {
            var found = new List<Refund>();
            for (var refund = charge.LastRefund; refund is not null; refund = refund.Previous)
            {
                if (!refund.IsChargeback) found.Add(refund);
            }

            found.Reverse();
            return found;
        }
    }

    /// <summary>Reserves an amount, so that concurrent refunds never exceed the charge.</summary>
    public bool TryReserve(Charge charge, decimal amount, DateTimeOffset now)
    {
        lock (gate)
        {
            if (!charge.Succeeded || !charge.IsSettledAt(now) || amount > charge.Amount - charge.Refunded) return false;
            charge.Refunded += amount;
            return true;
        }
    }

    public void ReleaseReservation(Charge charge, decimal amount)
    {
        lock (gate) charge.Refunded -= amount;
    }

    public LedgerSummary Summarize(CallCounter counter)
    {
        lock (gate) return new(succeeded, declined, refunds, [.. chargedTwice], counter.Snapshot());
    }

    /// <summary>Adds a line that the file holds.</summary>
    public Entry Apply(LedgerLine line)
    {
        lock (gate)
        {
            Entry entry = line.Kind == LedgerLine.ChargeKind ? ApplyCharge(line) : ApplyRefund(line);
            entries.Add(entry);
            byKey[Fingerprint.Of(line.Key)] = entry;
            return entry;
        }
    }

    /// <summary>Adds a line of an earlier run, whose refunds have no reservation in this one.</summary>
    public void Restore(LedgerLine line)
    {
        if (Apply(line) is Refund refund) refund.Charge.Refunded += refund.Amount;
        if (line.SettlesAt is not null) processedBefore.Add(line);
    }

    /// <summary>Empties the index and sets the name that every id contains.</summary>
    public void Reset(string name)
    {
        lock (gate)
        {
            (ledgerName, succeeded, declined, refunds) = (name, 0, 0, 0);
            entries.Clear();
            byKey.Clear();
            lastOfOrder.Clear();
            chargedTwice.Clear();
        }
    }

    private Charge ApplyCharge(LedgerLine line)
    {
        var order = Fingerprint.Of(line.OrderId!);
        var previous = lastOfOrder.GetValueOrDefault(order);
        var charge = new Charge(line.Sequence, order, line, previous);
        lastOfOrder[order] = charge;
        if (charge.Succeeded) succeeded++;
        else declined++;

        for (; charge.Succeeded && previous is not null; previous = previous.PreviousOfOrder)
        {
            if (previous.Succeeded) chargedTwice.Add(line.OrderId!);
        }

        return charge;
    }

    private Refund ApplyRefund(LedgerLine line)
    {
        var charge = FindCharge(line.ChargeId!) ?? throw new InvalidDataException($"The ledger has no charge for {line.Id}.");
        var refund = new Refund(line.Sequence, charge, line);
        charge.Add(refund);
        if (!refund.IsChargeback) refunds++;
        return refund;
    }
}
