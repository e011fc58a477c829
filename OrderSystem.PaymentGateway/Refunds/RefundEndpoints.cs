using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Refunds;

internal sealed record RefundRequest(string? ChargeId, decimal? Amount, string? Reference = null);

internal sealed record RefundAnswer(string Id, string Status);

internal sealed record RefundView(
    string Id, string ChargeId, decimal Amount, string Currency, string Status, string? Reference, DateTimeOffset CreatedAt);

internal static class RefundEndpoints
{
    private const int MaxReferenceLength = 100;

    public static void MapRefunds(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/refunds", RefundAsync);
        routes.MapGet("/refunds", ListByCharge);
    }

    private static Task<IResult> RefundAsync(
        RefundRequest request, HttpContext http, IdempotentCalls calls, LedgerIndex index, RefundWriter refunds, WebhookSender webhooks,
        CallCounter counter)
    {
        if (Validate(request) is { } invalid)
        {
            counter.Count(CallOutcome.Invalid);
            return Task.FromResult<IResult>(invalid);
        }

        var (chargeId, amount) = (request.ChargeId!, request.Amount!.Value);
        return calls.AnswerAsync(
            http,
            Problems.Errors,
            isSameRequest: entry => entry is Refund { IsChargeback: false } refund && refund.Amount == amount
                && index.IdOf(refund.Charge) == chargeId && refund.Reference == request.Reference,
            process: async key =>
            {
                if (index.FindCharge(chargeId) is not { } charge) return new(Problems.ChargeNotFound);
                var line = LedgerLine.OfRefund(key, chargeId, amount, charge.Currency, request.Reference);
                if (await refunds.WriteAsync(charge, line) is not { } refund) return new(Problems.NotRefundable);
                RefundWebhooks.ReportRefund(webhooks, index, refund);
                return new(refund);
            },
            answer: entry =>
                TypedResults.Json(new RefundAnswer(index.IdOf(entry), Entry.SucceededStatus), RefundsJson.Default.RefundAnswer));
    }

    private static IResult ListByCharge(string? chargeId, LedgerIndex index, CallCounter counter)
    {
        if (string.IsNullOrEmpty(chargeId)) return Problems.Invalid("chargeId", "The query needs the id of a charge.");
        if (index.FindCharge(chargeId) is not { } charge) return Problems.ChargeNotFound;

        counter.Count(CallOutcome.LookedUp);
        var refunds = index.RefundsOf(charge).Select(refund => new RefundView(
            index.IdOf(refund), chargeId, refund.Amount, charge.Currency, Entry.SucceededStatus, refund.Reference, refund.CreatedAt));
        return TypedResults.Json(refunds, RefundsJson.Default.IEnumerableRefundView);
    }

    private static ValidationProblem? Validate(RefundRequest request) => request switch
    {
        { ChargeId: null or "" } => Problems.Invalid("chargeId", "The refund needs the id of a charge."),
        { Amount: null or <= 0 } => Problems.Invalid("amount", "The amount must be more than 0."),
        { Reference: { Length: 0 or > MaxReferenceLength } } =>
            Problems.Invalid("reference", $"The reference must have 1 to {MaxReferenceLength} characters."),
        _ => null,
    };
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RefundRequest))]
[JsonSerializable(typeof(RefundAnswer))]
[JsonSerializable(typeof(IEnumerable<RefundView>))]
internal sealed partial class RefundsJson : JsonSerializerContext;
