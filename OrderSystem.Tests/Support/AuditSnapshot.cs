namespace OrderSystem.Tests.Support;

/// <summary>All that the system says of itself at one moment, read from outside.</summary>
internal sealed record AuditSnapshot
{
    internal IReadOnlyList<AuditOrder> Orders { get; init; } = [];

    internal AuditService OrderApi { get; init; } = new("order-api");

    internal AuditService Worker { get; init; } = new("payment-worker");

    internal IReadOnlyList<AuditPayment> Payments { get; init; } = [];

    internal IReadOnlyList<AuditLedgerLine> Ledger { get; init; } = [];

    /// <summary>What the provider itself says about orders that it charged twice.</summary>
    internal IReadOnlyList<string> ChargedTwice { get; init; } = [];

    /// <summary>Calls at the provider by how they ended.</summary>
    internal IReadOnlyDictionary<string, long> Attempts { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    internal long DeadLetters { get; init; }

    public override string ToString() =>
        $"{Orders.Count} orders ({string.Join(", ", Orders.GroupBy(order => order.Status).Select(group => $"{group.Count()} {group.Key}"))}), "
        + $"{Ledger.Count} lines in the ledger, {DeadLetters} dead letters, provider: {string.Join(", ", Attempts.Where(pair => pair.Value > 0).Select(pair => $"{pair.Value} {pair.Key}"))}";
}

/// <summary>The messaging tables of one service, and the stream that it fills.</summary>
internal sealed record AuditService(string Name)
{
    internal IReadOnlyList<AuditEvent> Events { get; init; } = [];

    internal IReadOnlyList<AuditWaiting> Outbox { get; init; } = [];

    internal IReadOnlySet<Guid> Inbox { get; init; } = new HashSet<Guid>();

    internal IReadOnlyList<AuditMessage> Stream { get; init; } = [];
}

internal sealed record AuditOrder(Guid Id, string CustomerId, decimal Total, string Currency, string Status);

internal sealed record AuditEvent(Guid OrderId, int Version, Guid EventId, string Type);

internal sealed record AuditWaiting(Guid OrderId, int Version, string? LastError);

internal sealed record AuditMessage(ulong Sequence, string Subject, string? MessageId, Guid EventId, Guid OrderId, int Version);

internal sealed record AuditPayment(Guid OrderId, decimal Amount, string Currency, Guid ProviderKey, string Status, string? Reference);

/// <summary>A line of the provider's ledger, as it writes it.</summary>
internal sealed record AuditLedgerLine(string Kind, string Id, string Key, string? OrderId, string? ChargeId, decimal Amount, string Currency, string Status)
{
    internal bool IsCharge => Kind == "charge" && Status == "succeeded";

    internal bool IsRefund => Kind == "refund" && Status == "succeeded";
}

/// <summary>What a scenario allows.</summary>
internal sealed record AuditScope
{
    /// <summary>The streams were deleted: events of orders that are final need not be in them any more, or not in their order.</summary>
    internal bool StreamsWereLost { get; init; }

    internal long DeadLetters { get; init; }
}
