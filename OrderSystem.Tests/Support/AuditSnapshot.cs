namespace OrderSystem.Tests.Support;

/// <summary>The state of the whole system at one moment.</summary>
internal sealed record AuditSnapshot
{
    internal IReadOnlyList<AuditOrder> Orders { get; init; } = [];

    internal AuditService OrderApi { get; init; } = new("order-api");

    internal AuditService Worker { get; init; } = new("payment-worker");

    internal IReadOnlyList<AuditPayment> Payments { get; init; } = [];

    internal IReadOnlyList<AuditLedgerLine> Ledger { get; init; } = [];

    /// <summary>Orders that the provider itself reports as charged twice.</summary>
    internal IReadOnlyList<string> ChargedTwice { get; init; } = [];

    /// <summary>Calls at the provider by outcome.</summary>
    internal IReadOnlyDictionary<string, long> Attempts { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    internal long DeadLetters { get; init; }

    public override string ToString() =>
        $"{Orders.Count} orders ("
        + string.Join(", ", Orders.GroupBy(order => order.Status).Select(group => $"{group.Count()} {group.Key}"))
        + $"), {Ledger.Count} lines in the ledger, {DeadLetters} dead letters, provider: "
        + string.Join(", ", Attempts.Where(pair => pair.Value > 0).Select(pair => $"{pair.Value} {pair.Key}"));
}

/// <summary>The messaging tables of one service, and the stream that it publishes to.</summary>
internal sealed record AuditService(string Name)
{
    internal IReadOnlyList<AuditEvent> Events { get; init; } = [];

    internal IReadOnlyList<AuditOutboxRow> Outbox { get; init; } = [];

    internal IReadOnlySet<Guid> Inbox { get; init; } = new HashSet<Guid>();

    internal IReadOnlyList<AuditMessage> Stream { get; init; } = [];
}

/// <summary>An order; what refunds have given back of a paid one does not include chargebacks.</summary>
internal sealed record AuditOrder(Guid Id, string CustomerId, decimal Total, string Currency, string Status, decimal Refunded = 0);

internal sealed record AuditEvent(Guid OrderId, int Version, Guid EventId, string Type);

internal sealed record AuditOutboxRow(Guid OrderId, int Version, string? LastError);

internal sealed record AuditMessage(ulong Sequence, string Subject, string? MessageId, Guid EventId, Guid OrderId, int Version);

internal sealed record AuditPayment(Guid OrderId, decimal Amount, string Currency, Guid ProviderKey, string Status, string? Reference);

/// <summary>A line of the provider's ledger, as it writes it.</summary>
internal sealed record AuditLedgerLine(
    string Kind, string Id, string Key, string? OrderId, string? ChargeId, decimal Amount, string Currency, string Status,
    string? Reference = null)
{
    internal bool IsCharge => Kind == "charge" && Status == "succeeded";

    internal bool IsRefund => Kind == "refund" && Status == "succeeded";

    internal bool IsChargeback => Kind == "chargeback";
}

/// <summary>Deviations that a scenario allows.</summary>
internal sealed record AuditScope
{
    /// <summary>The streams were deleted: the events of final orders may be missing from them or out of order.</summary>
    internal bool StreamsWereLost { get; init; }

    internal long DeadLetters { get; init; }
}
