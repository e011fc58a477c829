using NpgsqlTypes;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>What became of a webhook.</summary>
/// <param name="Id">Its key.</param>
/// <param name="State">Its new state.</param>
/// <param name="Detail">Why.</param>
/// <param name="Contradicts">Whether it contradicts a final outcome.</param>
/// <param name="Wait">Until it is tried again, while it waits.</param>
/// <param name="OrderId">The order, once its charge is known.</param>
internal sealed record SettledWebhook(
    Guid Id, WebhookState State, string? Detail, bool Contradicts, TimeSpan Wait, Guid? OrderId);

/// <summary>Stores what became of a webhook. The result is whether it was still waiting.</summary>
internal static class SettleWebhook
{
    internal static readonly BatchedWrite<SettledWebhook, bool> Write = new(
        "settle-webhook",
        key: ("id", row => row.Id),
        input: columns => columns
            .Add("state", NpgsqlDbType.Text, row => row.State.ToName())
            .Add("detail", NpgsqlDbType.Text, row => row.Detail)
            .Add("contradicts", NpgsqlDbType.Boolean, row => row.Contradicts)
            .Add("wait", NpgsqlDbType.Interval, row => row.Wait)
            .Add("order_id", NpgsqlDbType.Uuid, row => row.OrderId),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        settled AS (
            UPDATE webhook_events w SET
                state = i.state, detail = i.detail, contradicts = i.contradicts, due_at = now() + i.wait,
                order_id = coalesce(w.order_id, i.order_id)
            FROM input i WHERE w.id = i.id AND w.id = ANY ({BatchedWrite.Keys}) AND w.state = 'waiting'
            RETURNING w.id)
        SELECT i.id, s.id IS NOT NULL FROM input i LEFT JOIN settled s ON s.id = i.id
        """,
        read: (reader, _) => reader.GetBoolean(1));
}
