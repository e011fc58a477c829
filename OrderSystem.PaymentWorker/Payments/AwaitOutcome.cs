using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment that the provider is processing.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reference">The charge at the provider.</param>
/// <param name="Reason">Why there is no outcome yet.</param>
/// <param name="Wait">Until the next look-up.</param>
/// <param name="Calls">The calls to the provider.</param>
/// <param name="Received">The message that is acknowledged with it, if any: the outcome comes from the database.</param>
internal sealed record ProcessingPayment(
    Guid OrderId, string? Reference, string Reason, TimeSpan Wait, IReadOnlyList<ProviderCall> Calls, ReceivedEnvelope? Received);

/// <summary>
/// Lets a payment wait for the outcome that the provider has promised, until the next look-up and without a lease. A webhook may bring the
/// outcome first; the payment then stays as it is. The result is whether it waits.
/// </summary>
internal static class AwaitOutcome
{
    internal static readonly BatchedWrite<ProcessingPayment, bool> Write = new(
        "await-outcome",
        key: ("order_id", row => row.OrderId),
        input: columns => columns
            .Received(row => row.Received)
            .Add("reference", NpgsqlDbType.Text, row => row.Reference)
            .Add("reason", NpgsqlDbType.Text, row => row.Reason)
            .Add("wait", NpgsqlDbType.Interval, row => row.Wait)
            .Add("calls", NpgsqlDbType.Text, row => ProviderCall.ToJson(row.Calls)),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        {InboxSql.Insert},
        changed AS (
            UPDATE payments p SET
                status = 'processing', processing_since = CASE p.status WHEN 'processing' THEN p.processing_since ELSE now() END,
                provider_reference = coalesce(i.reference, p.provider_reference), none_at = NULL,
                {ProviderCall.Append}, reason = i.reason, lease_until = now() + i.wait, updated_at = now()
            FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys})
                AND p.status IN ('charging', 'unknown', 'processing')
            RETURNING p.order_id)
        SELECT i.order_id, c.order_id IS NOT NULL FROM input i LEFT JOIN changed c ON c.order_id = i.order_id
        """,
        read: (reader, _) => reader.GetBoolean(1));
}
