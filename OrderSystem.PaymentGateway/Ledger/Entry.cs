namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A ledger line in memory, without the texts that only the file holds.</summary>
internal abstract class Entry(long sequence)
{
    public const string SucceededStatus = "succeeded";
    public const string DeclinedStatus = "declined";
    public const string ProcessingStatus = "processing";

    public long Sequence { get; } = sequence;
}

internal sealed class Charge(long sequence, UInt128 order, LedgerLine line, Charge? previousOfOrder) : Entry(sequence)
{
    private readonly long createdAt = line.At.UtcTicks;
    private readonly long settlesAt = line.SettlesAt?.UtcTicks ?? 0;
    private readonly bool isStripe = line.Api == LedgerLine.StripeApi;
    private decimal returned;
    private long refundedAt;

    public UInt128 Order { get; } = order;

    public decimal Amount { get; } = line.Amount;

    public string Currency { get; } = string.Intern(line.Currency);

    public string? Reason { get; } = line.Reason is { } reason ? string.Intern(reason) : null;

    public bool Succeeded => Reason is null;

    public string Status => Succeeded ? SucceededStatus : DeclinedStatus;

    /// <summary>The first answer to its key was that it is being processed, and so is every later one.</summary>
    public bool WasProcessing => settlesAt != 0;

    /// <summary>What a look-up reports: a charge that is being processed has its outcome in the ledger, and nothing shows it yet.</summary>
    public string StatusAt(DateTimeOffset now) => now.UtcTicks < settlesAt ? ProcessingStatus : Status;

    public DateTimeOffset? SettlesAt => settlesAt == 0 ? null : new DateTimeOffset(settlesAt, TimeSpan.Zero);

    public bool IsSettledAt(DateTimeOffset now) => now.UtcTicks >= settlesAt;

    public Charge? PreviousOfOrder { get; } = previousOfOrder;

    public DateTimeOffset CreatedAt => new(createdAt, TimeSpan.Zero);

    /// <summary>The API that made it, in whose format its webhooks are.</summary>
    public bool IsStripe => isStripe;

    /// <summary>When all of it was refunded; null before.</summary>
    public DateTimeOffset? RefundedAt => refundedAt == 0 ? null : new DateTimeOffset(refundedAt, TimeSpan.Zero);

    /// <summary>What has been refunded or charged back, or is reserved for a refund in progress.</summary>
    public decimal Refunded { get; set; }

    public Refund? LastRefund { get; private set; }

    public void Add(Refund refund)
    {
        LastRefund = refund;
        if (refund.IsChargeback) return;
        returned += refund.Amount;
        if (returned == Amount) refundedAt = refund.CreatedAt.UtcTicks;
    }
}

/// <summary>What was given back of a charge: a refund, or a chargeback after a lost dispute.</summary>
internal sealed class Refund(long sequence, Charge charge, LedgerLine line) : Entry(sequence)
{
    private readonly long createdAt = line.At.UtcTicks;

    public Charge Charge { get; } = charge;

    public decimal Amount { get; } = line.Amount;

    public bool IsChargeback { get; } = line.Kind == LedgerLine.ChargebackKind;

    /// <summary>The caller's own id of the refund.</summary>
    public string? Reference { get; } = line.Reference;

    public string? Reason { get; } = line.Reason is { } reason ? string.Intern(reason) : null;

    public DateTimeOffset CreatedAt => new(createdAt, TimeSpan.Zero);

    public Refund? Previous { get; } = charge.LastRefund;
}
