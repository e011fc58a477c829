using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>An attempt at a payment that ended without an outcome.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why it has none.</param>
/// <param name="Wait">Until the next attempt.</param>
/// <param name="Calls">The calls to the provider.</param>
/// <param name="Counts">Whether the attempt may have had an effect. One without effect does not count: an outage alone must
/// not lead to review.</param>
/// <param name="Received">The message that is acknowledged with it: from here on the payment is driven from the database.</param>
internal sealed record SuspendedPayment(
    Guid OrderId, string Reason, TimeSpan Wait, IReadOnlyList<ProviderCall> Calls, bool Counts, ReceivedEnvelope? Received = null)
{
    /// <summary>
    /// The order is cancelled and the provider has no charge. A second look-up after the wait confirms that no call was in flight.
    /// </summary>
    internal bool HasNoCharge { get; init; }

    /// <summary>A look-up has shown that the provider had no earlier charge.</summary>
    internal bool EndsDoubt { get; init; }
}

/// <summary>
/// Releases the lease. A charge that may have been made becomes unknown, never failed; a refund stays refunding, and a payment that the
/// provider is processing stays so. A cancelled payment without any effect at the provider is cancelled. The result is whether the payment
/// was still open.
/// </summary>
internal static class SuspendCharge
{
    internal static readonly BatchedWrite<SuspendedPayment, bool> Write = new(
        "suspend-charge",
        key: ("order_id", row => row.OrderId),
        input: columns => columns
            .Received(row => row.Received)
            .Add("reason", NpgsqlDbType.Text, row => row.Reason)
            .Add("wait", NpgsqlDbType.Interval, row => row.Wait)
            .Add("calls", NpgsqlDbType.Text, row => ProviderCall.ToJson(row.Calls))
            .Add("counts", NpgsqlDbType.Boolean, row => row.Counts)
            .Add("has_none", NpgsqlDbType.Boolean, row => row.HasNoCharge)
            .Add("ends_doubt", NpgsqlDbType.Boolean, row => row.EndsDoubt),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        {InboxSql.Insert},
        changed AS (
            UPDATE payments p SET
                status = CASE
                    WHEN p.status = 'refunding' THEN p.status
                    WHEN p.cancelled_at IS NOT NULL AND i.has_none AND p.none_at + i.wait <= now() THEN 'cancelled'
                    WHEN p.status = 'processing' THEN p.status
                    WHEN p.attempts > 1 OR i.counts OR (p.in_doubt AND NOT i.ends_doubt) THEN 'unknown'
                    WHEN p.cancelled_at IS NOT NULL THEN 'cancelled'
                    ELSE 'charging' END,
                attempts = p.attempts - CASE WHEN i.counts OR p.status IN ('refunding', 'processing') THEN 0 ELSE 1 END,
                refund_attempts = p.refund_attempts - CASE WHEN NOT i.counts AND p.status = 'refunding' THEN 1 ELSE 0 END,
                in_doubt = p.in_doubt AND NOT i.ends_doubt,
                none_at = CASE WHEN i.has_none THEN coalesce(p.none_at, now()) ELSE p.none_at END,
                {ProviderCall.Append}, reason = i.reason, lease_until = now() + i.wait, updated_at = now()
            FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys})
                AND p.status IN ('charging', 'unknown', 'refunding', 'processing')
            RETURNING p.order_id)
        SELECT i.order_id, c.order_id IS NOT NULL FROM input i LEFT JOIN changed c ON c.order_id = i.order_id
        """,
        read: (reader, _) => reader.GetBoolean(1));
}
