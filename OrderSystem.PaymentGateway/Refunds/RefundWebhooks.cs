using System.Text.Json;
using System.Text.Json.Serialization;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Refunds;

internal sealed record RefundReport(string Type, DateTimeOffset Timestamp, ReportedRefund Data);

internal sealed record ReportedRefund(
    string Id, string ChargeId, string Status, decimal Amount, string Currency, string? Reference, string? Reason);

/// <summary>
/// The webhooks of the HTTP contract about what is given back of a charge: <c>refund.succeeded</c>, <c>charge.dispute.created</c> and
/// <c>charge.dispute.closed</c>.
/// </summary>
internal static class RefundWebhooks
{
    private const string Lost = "lost";

    public static void ReportRefund(WebhookSender webhooks, LedgerIndex index, Refund refund) =>
        Send(webhooks, index, refund, "refund.succeeded", Entry.SucceededStatus);

    /// <summary>Reports a dispute, and that it is lost.</summary>
    public static void ReportDispute(WebhookSender webhooks, LedgerIndex index, Refund chargeback)
    {
        Send(webhooks, index, chargeback, "charge.dispute.created", "open");
        Send(webhooks, index, chargeback, "charge.dispute.closed", Lost);
    }

    private static void Send(WebhookSender webhooks, LedgerIndex index, Refund refund, string type, string status)
    {
        if (!webhooks.IsEnabled) return;
        var (id, at) = (index.IdOf(refund), refund.CreatedAt);
        var report = new RefundReport(type, at, new(
            id, index.IdOf(refund.Charge), status, refund.Amount, refund.Charge.Currency, refund.Reference, refund.Reason));
        webhooks.Send(
            new(
                Webhook.Http, $"msg{id[2..]}_{status}",
                JsonSerializer.SerializeToUtf8Bytes(report, RefundReportJson.Default.RefundReport)),
            at);
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RefundReport))]
internal sealed partial class RefundReportJson : JsonSerializerContext;
