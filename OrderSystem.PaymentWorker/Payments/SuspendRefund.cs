using NpgsqlTypes;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>An attempt at a refund of a paid order that ended without an outcome.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="RefundId">The refund.</param>
/// <param name="Why">Why it has none.</param>
/// <param name="Wait">Until the next attempt.</param>
/// <param name="Calls">The calls to the provider.</param>
/// <param name="Counts">Whether the attempt may have had an effect.</param>
internal sealed record SuspendedRefund(
    Guid OrderId, Guid RefundId, string Why, TimeSpan Wait, IReadOnlyList<ProviderCall> Calls, bool Counts)
{
    /// <summary>A person has to decide: there is no next attempt.</summary>
    internal bool NeedsReview { get; init; }

    /// <summary>The provider has accepted it, and its outcome comes later.</summary>
    internal bool IsProcessing { get; init; }

    /// <summary>The refund at the provider, if it is known.</summary>
    internal string? Reference { get; init; }

    /// <summary>A look-up has shown that the provider had not made it.</summary>
    internal bool EndsDoubt { get; init; }
}

/// <summary>Releases the lease of a refund until its next attempt. The result is whether it was still pending.</summary>
internal static class SuspendRefund
{
    internal static readonly BatchedWrite<SuspendedRefund, bool> Write = new(
        "suspend-refund",
        key: ("order_id", row => row.OrderId),
        input: columns => columns
            .Add("refund_id", NpgsqlDbType.Uuid, row => row.RefundId)
            .Add("why", NpgsqlDbType.Text, row => row.Why)
            .Add("wait", NpgsqlDbType.Interval, row => row.Wait)
            .Add("calls", NpgsqlDbType.Text, row => ProviderCall.ToJson(row.Calls))
            .Add("counts", NpgsqlDbType.Boolean, row => row.Counts)
            .Add("needs_review", NpgsqlDbType.Boolean, row => row.NeedsReview)
            .Add("is_processing", NpgsqlDbType.Boolean, row => row.IsProcessing)
            .Add("reference", NpgsqlDbType.Text, row => row.Reference)
            .Add("ends_doubt", NpgsqlDbType.Boolean, row => row.EndsDoubt),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        changed AS (
            UPDATE refunds p SET
                status = CASE WHEN i.needs_review THEN 'review' ELSE p.status END,
                attempts = p.attempts - CASE WHEN i.counts OR p.processing_since IS NOT NULL THEN 0 ELSE 1 END,
                processing_since = CASE WHEN i.is_processing THEN coalesce(p.processing_since, now()) ELSE p.processing_since END,
                provider_reference = coalesce(i.reference, p.provider_reference), in_doubt = p.in_doubt AND NOT i.ends_doubt,
                failure = i.why, {ProviderCall.Append}, lease_until = now() + i.wait, updated_at = now()
            FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys}) AND p.id = i.refund_id AND p.status = 'pending'
            RETURNING p.order_id)
        SELECT i.order_id, c.order_id IS NOT NULL FROM input i LEFT JOIN changed c ON c.order_id = i.order_id
        """,
        read: (reader, _) => reader.GetBoolean(1));
}
