namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A ledger line in memory, without the texts that only the file holds.</summary>
internal abstract class Entry(long sequence)
{
    public const string SucceededStatus = "succeeded";
    public const string DeclinedStatus = "declined";

    public long Sequence { get; } = sequence;
}

internal sealed class Charge(long sequence, UInt128 order, LedgerLine line, Charge? previousOfOrder) : Entry(sequence)
{
    private readonly long createdAt = line.At.UtcTicks;
    private long refundedAt;

    public UInt128 Order { get; } = order;

    public decimal Amount { get; } = line.Amount;

    public string Currency { get; } = string.Intern(line.Currency);

    public string? Reason { get; } = line.Reason is { } reason ? string.Intern(reason) : null;

    public bool Succeeded => Reason is null;

    public string Status => Succeeded ? SucceededStatus : DeclinedStatus;

    public Charge? PreviousOfOrder { get; } = previousOfOrder;

    public DateTimeOffset CreatedAt => new(createdAt, TimeSpan.Zero);

    public DateTimeOffset? RefundedAt => refundedAt == 0 ? null : new DateTimeOffset(refundedAt, TimeSpan.Zero);

    /// <summary>What has been refunded or is reserved for a refund in progress.</summary>
    public decimal Refunded { get; set; }

    public void MarkRefunded(DateTimeOffset at) => refundedAt = at.UtcTicks;
}

internal sealed class Refund(long sequence, Charge charge, decimal amount) : Entry(sequence)
{
    public Charge Charge { get; } = charge;

    public decimal Amount { get; } = amount;
}
