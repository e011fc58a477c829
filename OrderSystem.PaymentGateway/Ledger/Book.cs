using System.Globalization;
using OrderSystem.PaymentGateway.Idempotency;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A key is known with its entry, or in use by a running call, or now in use by the one who asked.</summary>
internal readonly record struct Claim(Entry? Known, bool IsInUse);

/// <summary>What the ledger says, in memory. Locks are held for look-ups only, never over I/O.</summary>
internal sealed class Book
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<UInt128, Entry> _byKey = [];
    private readonly Dictionary<UInt128, Charge> _lastOfOrder = [];
    private readonly HashSet<UInt128> _keysInUse = [];
    private readonly SortedSet<string> _chargedTwice = new(StringComparer.Ordinal);
    private string _name = string.Empty;
    private long _succeeded;
    private long _declined;
    private long _refunds;

    public long Count
    {
        get
        {
            lock (_gate) return _entries.Count;
        }
    }

    public string IdOf(Entry entry) => IdOf(entry is Charge ? LedgerLine.ChargeKind : LedgerLine.RefundKind, entry.Sequence);

    public string IdOf(string kind, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{(kind == LedgerLine.ChargeKind ? "ch" : "re")}_{_name}_{sequence}");

    public Claim Claim(UInt128 key)
    {
        lock (_gate) return _byKey.TryGetValue(key, out var known) ? new(known, IsInUse: false) : new(Known: null, !_keysInUse.Add(key));
    }

    public void Release(UInt128 key)
    {
        lock (_gate) _keysInUse.Remove(key);
    }

    public List<Charge> ChargesOf(UInt128 order)
    {
        lock (_gate)
        {
            var charges = new List<Charge>();
            for (var charge = _lastOfOrder.GetValueOrDefault(order); charge is not null; charge = charge.PreviousOfOrder) charges.Add(charge);
            charges.Reverse();
            return charges;
        }
    }

    public Charge? FindCharge(string id)
    {
        var sequence = id.AsSpan(id.LastIndexOf('_') + 1);
        if (!int.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        lock (_gate) return number > 0 && number <= _entries.Count && _entries[number - 1] is Charge charge && IdOf(charge) == id ? charge : null;
    }

    /// <summary>Sets an amount aside, so that refunds that run at the same time never exceed the charge together.</summary>
    public bool TryReserve(Charge charge, decimal amount)
    {
        lock (_gate)
        {
            if (!charge.Succeeded || amount > charge.Amount - charge.Refunded) return false;
            charge.Refunded += amount;
            return true;
        }
    }

    public void Unreserve(Charge charge, decimal amount)
    {
        lock (_gate) charge.Refunded -= amount;
    }

    public LedgerSummary Summarize(Attempts attempts)
    {
        lock (_gate) return new(_succeeded, _declined, _refunds, [.. _chargedTwice], attempts.Snapshot());
    }

    /// <summary>Takes over a line that is in the file.</summary>
    public Entry Apply(LedgerLine line)
    {
        lock (_gate)
        {
            Entry entry = line.Kind == LedgerLine.ChargeKind ? ApplyCharge(line) : ApplyRefund(line);
            _entries.Add(entry);
            _byKey[Fingerprint.Of(line.Key)] = entry;
            return entry;
        }
    }

    /// <summary>Takes over a line of an earlier run, whose refunds nobody has set aside in this one.</summary>
    public void Restore(LedgerLine line)
    {
        if (Apply(line) is Refund refund) refund.Charge.Refunded += refund.Amount;
    }

    /// <summary>Starts empty, with the name that is part of every id.</summary>
    public void Begin(string name)
    {
        lock (_gate)
        {
            (_name, _succeeded, _declined, _refunds) = (name, 0, 0, 0);
            _entries.Clear();
            _byKey.Clear();
            _lastOfOrder.Clear();
            _chargedTwice.Clear();
        }
    }

    private Charge ApplyCharge(LedgerLine line)
    {
        var order = Fingerprint.Of(line.OrderId!);
        var previous = _lastOfOrder.GetValueOrDefault(order);
        var charge = new Charge(line.Sequence, order, line, previous);
        _lastOfOrder[order] = charge;
        if (charge.Succeeded) _succeeded++;
        else _declined++;

        for (; charge.Succeeded && previous is not null; previous = previous.PreviousOfOrder)
        {
            if (previous.Succeeded) _chargedTwice.Add(line.OrderId!);
        }

        return charge;
    }

    private Refund ApplyRefund(LedgerLine line)
    {
        var charge = FindCharge(line.ChargeId!) ?? throw new InvalidDataException($"The refund {line.Id} is of a charge that the ledger lacks.");
        charge.MarkRefunded(line.At);
        _refunds++;
        return new Refund(line.Sequence, charge, line.Amount);
    }
}
