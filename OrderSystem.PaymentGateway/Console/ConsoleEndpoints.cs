using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Refunds;
using OrderSystem.PaymentGateway.Stripe;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Console;

/// <summary>Without an amount, what is left of the charge.</summary>
internal sealed record ConsoleRequest(string? OrderId, decimal? Amount = null, string? Reason = null);

internal sealed record ConsoleAnswer(string Id, string ChargeId, decimal Amount, string Currency);

/// <summary>
/// What a person does at the provider's own console: <c>POST /console/refunds</c> refunds the charge of an order, and
/// <c>POST /console/disputes</c> lets its customer dispute it, and win. Webhooks report both in the format of the API that made the charge.
/// </summary>
internal static class ConsoleEndpoints
{
    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        var console = routes.MapGroup("/console");
        console.MapPost("/refunds", RefundAsync);
        console.MapPost("/disputes", DisputeAsync);
    }

    private static async Task<IResult> RefundAsync(
        ConsoleRequest request, LedgerIndex index, RefundWriter refunds, WebhookSender webhooks)
    {
        var (refund, problem) = await WriteAsync(request, LedgerLine.RefundKind, index, refunds);
        if (refund is null) return problem!;
        if (refund.Charge.IsStripe) StripeEvents.ReportRefund(webhooks, index, refund);
        else RefundWebhooks.ReportRefund(webhooks, index, refund);
        return Answer(index, refund);
    }

    private static async Task<IResult> DisputeAsync(
        ConsoleRequest request, LedgerIndex index, RefundWriter refunds, WebhookSender webhooks)
    {
        var (chargeback, problem) = await WriteAsync(request, LedgerLine.ChargebackKind, index, refunds);
        if (chargeback is null) return problem!;
        if (chargeback.Charge.IsStripe) StripeEvents.ReportDispute(webhooks, index, chargeback);
        else RefundWebhooks.ReportDispute(webhooks, index, chargeback);
        return Answer(index, chargeback);
    }

    private static async Task<(Refund? Refund, IResult? Problem)> WriteAsync(
        ConsoleRequest request, string kind, LedgerIndex index, RefundWriter refunds)
    {
        if (string.IsNullOrEmpty(request.OrderId)) return (null, Problems.Invalid("orderId", "Name the order whose charge it is."));
        if (request.Amount <= 0) return (null, Problems.Invalid("amount", "The amount must be more than 0, or left out."));
        if (index.ChargesOf(Fingerprint.Of(request.OrderId)).Find(charge => charge.Succeeded) is not { } charge)
            return (null, Problems.ChargeNotFound);
        var amount = request.Amount ?? charge.Amount - charge.Refunded;
        if (amount <= 0) return (null, Problems.NotRefundable);
        var line = LedgerLine.OfRefund($"console-{Guid.NewGuid()}", index.IdOf(charge), amount, charge.Currency, reference: null) with
        {
            Kind = kind,
            Reason = request.Reason,
        };
        return await refunds.WriteAsync(charge, line) is { } refund ? (refund, null) : (null, Problems.NotRefundable);
    }

    private static JsonHttpResult<ConsoleAnswer> Answer(LedgerIndex index, Refund refund) => TypedResults.Json(
        new ConsoleAnswer(index.IdOf(refund), index.IdOf(refund.Charge), refund.Amount, refund.Charge.Currency),
        ConsoleJson.Default.ConsoleAnswer);
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConsoleRequest))]
[JsonSerializable(typeof(ConsoleAnswer))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
