using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Refunds;

internal sealed record RefundRequest(string? ChargeId, decimal? Amount);

internal sealed record RefundAnswer(string Id, string Status);

internal static class RefundEndpoints
{
    public static void MapRefunds(this IEndpointRouteBuilder routes) => routes.MapPost("/refunds", RefundAsync);

    private static Task<IResult> RefundAsync(
        RefundRequest request, HttpContext http, IdempotentCalls calls, LedgerIndex index, LedgerWriter ledger, CallCounter counter,
        TimeProvider time)
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
            isSameRequest: entry => entry is Refund refund && refund.Amount == amount && index.IdOf(refund.Charge) == chargeId,
            process: async key =>
            {
                if (index.FindCharge(chargeId) is not { } charge) return new(Problems.ChargeNotFound);
                if (!index.TryReserve(charge, amount, time.GetUtcNow())) return new(Problems.NotRefundable);

                try
                {
                    var entry = await ledger.AppendAsync(LedgerLine.OfRefund(key, chargeId, amount, charge.Currency));
                    counter.Count(CallOutcome.Refunded);
                    return new(entry);
                }
                catch (IOException)
                {
                    index.ReleaseReservation(charge, amount);
                    throw;
                }
            },
            answer: entry =>
                TypedResults.Json(new RefundAnswer(index.IdOf(entry), Entry.SucceededStatus), RefundsJson.Default.RefundAnswer));
    }

    private static ValidationProblem? Validate(RefundRequest request) => request switch
    {
        { ChargeId: null or "" } => Problems.Invalid("chargeId", "The refund needs the id of a charge."),
        { Amount: null or <= 0 } => Problems.Invalid("amount", "The amount must be more than 0."),
        _ => null,
    };
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RefundRequest))]
[JsonSerializable(typeof(RefundAnswer))]
internal sealed partial class RefundsJson : JsonSerializerContext;
