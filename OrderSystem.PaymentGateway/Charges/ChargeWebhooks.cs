using System.Text.Json;
using System.Text.Json.Serialization;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Charges;

internal sealed record ChargeReport(string Type, DateTimeOffset Timestamp, ReportedCharge Data);

internal sealed record ReportedCharge(string Id, string OrderId, string Status, decimal Amount, string Currency, string? Reason);

/// <summary>The webhooks of the HTTP contract: <c>charge.processing</c>, and <c>charge.succeeded</c> or <c>charge.declined</c>.</summary>
internal static class ChargeWebhooks
{
    /// <summary>Reports a new charge, now and when it is settled.</summary>
    public static void Report(WebhookSender webhooks, LedgerIndex index, Charge charge, string orderId)
    {
        if (!webhooks.IsEnabled) return;
        if (charge.WasProcessing) webhooks.Send(Of(index, charge, orderId, Entry.ProcessingStatus, charge.CreatedAt), charge.CreatedAt);
        ReportOutcome(webhooks, index, charge, orderId);
    }

    public static void ReportOutcome(WebhookSender webhooks, LedgerIndex index, Charge charge, string orderId)
    {
        var at = charge.SettlesAt ?? charge.CreatedAt;
        webhooks.Send(Of(index, charge, orderId, charge.Status, at), at);
    }

    private static Webhook Of(LedgerIndex index, Charge charge, string orderId, string status, DateTimeOffset at)
    {
        var id = index.IdOf(charge);
        var report = new ChargeReport($"charge.{status}", at, new(
            id, orderId, status, charge.Amount, charge.Currency, status == Entry.DeclinedStatus ? charge.Reason : null));
        return new(
            Webhook.Http, $"msg{id[2..]}_{status}",
            JsonSerializer.SerializeToUtf8Bytes(report, ChargeReportJson.Default.ChargeReport));
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChargeReport))]
internal sealed partial class ChargeReportJson : JsonSerializerContext;
