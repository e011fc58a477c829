namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A ledger line in memory, without the texts that only the file needs.</summary>
internal abstract class Entry(long sequence)
{
    public const string SucceededStatus = "succeeded";
    public const string DeclinedStatus = "declined";

    public long Sequence { get; } = sequence;
}

internal sealed class Charge(long sequence, UInt128 order, LedgerLine line, Charge? previousOfOrder) : Entry(sequence)
{
    private readonly long _createdAt = line.At.UtcTicks;
    private long _refundedAt;

    public UInt128 Order { get; } = order;

    public decimal Amount { get; } = line.Amount;

    public string Currency { get; } = string.Intern(line.Currency);

    public string? Reason { get; } = line.Reason is { } reason ? string.Intern(reason) : null;

    public bool Succeeded => Reason is null;

    public string Status => Succeeded ? SucceededStatus : DeclinedStatus;

    public Charge? PreviousOfOrder { get; } = previousOfOrder;

    public DateTimeOffset CreatedAt => new(_createdAt, TimeSpan.Zero);

    public DateTimeOffset? RefundedAt => _refundedAt == 0 ? null : new DateTimeOffset(_refundedAt, TimeSpan.Zero);

    /// <summary>Refunded, or about to be.</summary>
    public decimal Refunded { get; set; }

    public void MarkRefunded(DateTimeOffset at) => _refundedAt = at.UtcTicks;
}

internal sealed class Refund(long sequence, Charge charge, decimal amount) : Entry(sequence)
{
    public Charge Charge { get; } = charge;

    public decimal Amount { get; } = amount;
}
