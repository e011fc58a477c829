using NpgsqlTypes;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>Stores a webhook in the inbox. The result is whether it is new; a second delivery changes nothing.</summary>
internal static class StoreWebhook
{
    internal static readonly BatchedWrite<WebhookEvent, bool> Write = new(
        "store-webhook",
        key: ("id", row => row.Id),
        input: columns => columns
            .Add("provider", NpgsqlDbType.Text, row => row.Provider)
            .Add("event_id", NpgsqlDbType.Text, row => row.EventId)
            .Add("type", NpgsqlDbType.Text, row => row.Type)
            .Add("claim", NpgsqlDbType.Text, row => row.Claim.ToString().ToLowerInvariant())
            .Add("order_id", NpgsqlDbType.Uuid, row => row.OrderId)
            .Add("reference", NpgsqlDbType.Text, row => row.Reference)
            .Add("amount", NpgsqlDbType.Numeric, row => row.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Currency)
            .Add("reason", NpgsqlDbType.Text, row => row.Reason)
            .Add("charge", NpgsqlDbType.Text, row => row.Charge)
            .Add("refund_id", NpgsqlDbType.Uuid, row => row.RefundId)
            .Add("state", NpgsqlDbType.Text, row => (IsAbout(row) ? WebhookState.Waiting : WebhookState.Ignored).ToName())
            .Add("detail", NpgsqlDbType.Text, row => IsAbout(row) ? null : "it is not about a charge of an order"),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        stored AS (
            INSERT INTO webhook_events (
                id, provider, event_id, type, claim, order_id, reference, amount, currency, reason, charge, refund_id, state, detail)
            SELECT id, provider, event_id, type, claim, order_id, reference, amount, currency, reason, charge, refund_id, state, detail
            FROM input
            ON CONFLICT DO NOTHING
            RETURNING id)
        SELECT i.id, s.id IS NOT NULL FROM input i LEFT JOIN stored s ON s.id = i.id
        """,
        read: (reader, _) => reader.GetBoolean(1));

    /// <summary>That of a refund or a dispute may name only the charge.</summary>
    private static bool IsAbout(WebhookEvent received) => received.Claim != WebhookClaim.Nothing
        && (received.OrderId is not null || (received.IsAboutRefund && received.Charge is not null));
}
