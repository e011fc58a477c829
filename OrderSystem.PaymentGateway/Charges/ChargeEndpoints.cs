using System.Diagnostics;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Charges;

internal sealed record ChargeRequest(string? OrderId, decimal? Amount, string? Currency, string? PaymentMethod = null);

internal sealed record ChargeAnswer(string Id, string Status, string? Reason);

internal sealed record ChargeView(
    string Id, string Status, string? Reason, decimal Amount, string Currency, DateTimeOffset CreatedAt, DateTimeOffset? RefundedAt);

internal static class ChargeEndpoints
{
    private const int MaxOrderIdLength = 100;
    private const int MaxPaymentMethodLength = 255;
    private const decimal MaxAmount = 1_000_000_000_000m;

    public static void MapCharges(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/charges", ChargeAsync);
        routes.MapGet("/charges", ListByOrder);
    }

    // Deduplicates by key only. A second key for the same order is a second charge, which the audit has to detect.
    private static Task<IResult> ChargeAsync(
        ChargeRequest request,
        HttpContext http,
        IdempotentCalls calls,
        LedgerIndex index,
        LedgerWriter ledger,
        WebhookSender webhooks,
        FaultInjector faults,
        CallCounter counter)
    {
        if (Validate(request) is { } invalid)
        {
            counter.Count(CallOutcome.Invalid);
            return Task.FromResult<IResult>(invalid);
        }

        var (orderId, amount, currency) = (request.OrderId!, request.Amount!.Value, request.Currency!);
        Activity.Current?.SetTag("order.id", orderId);
        var order = Fingerprint.Of(orderId);

        return calls.AnswerAsync(
            http,
            Problems.Errors,
            isSameRequest: entry =>
                entry is Charge charge && charge.Order == order && charge.Amount == amount && charge.Currency == currency,
            process: async key =>
            {
                var reason = faults.DeclineReason(orderId, amount);
                var settlesAt = faults.SettlesAt(amount);
                var entry = await ledger.AppendAsync(LedgerLine.OfCharge(key, orderId, amount, currency, reason, settlesAt));
                ChargeWebhooks.Report(webhooks, index, (Charge)entry, orderId);
                counter.Count(settlesAt is not null ? CallOutcome.Processing
                    : reason is null ? CallOutcome.Succeeded : CallOutcome.Declined);
                return new(entry);
            },
            answer: entry => Answer(index, (Charge)entry));
    }

    private static IResult ListByOrder(string? orderId, LedgerIndex index, CallCounter counter, TimeProvider time)
    {
        if (string.IsNullOrEmpty(orderId)) return Problems.Invalid("orderId", "The query needs an order id.");

        counter.Count(CallOutcome.LookedUp);
        Activity.Current?.SetTag("order.id", orderId);
        var now = time.GetUtcNow();
        var charges = index.ChargesOf(Fingerprint.Of(orderId)).Select(charge => new ChargeView(
            index.IdOf(charge), charge.StatusAt(now), charge.IsSettledAt(now) ? charge.Reason : null, charge.Amount, charge.Currency,
            charge.CreatedAt, charge.RefundedAt));
        return TypedResults.Json(charges, ChargesJson.Default.IEnumerableChargeView);
    }

    private static JsonHttpResult<ChargeAnswer> Answer(LedgerIndex index, Charge charge) =>
        TypedResults.Json(
            charge.WasProcessing
                ? new ChargeAnswer(index.IdOf(charge), Entry.ProcessingStatus, Reason: null)
                : new ChargeAnswer(index.IdOf(charge), charge.Status, charge.Reason),
            ChargesJson.Default.ChargeAnswer,
            statusCode: charge.WasProcessing ? StatusCodes.Status202Accepted
                : charge.Succeeded ? StatusCodes.Status200OK : StatusCodes.Status402PaymentRequired);

    private static ValidationProblem? Validate(ChargeRequest request) => request switch
    {
        { OrderId: null or { Length: 0 or > MaxOrderIdLength } } =>
            Problems.Invalid("orderId", $"The order id must have 1 to {MaxOrderIdLength} characters."),
        { Amount: null or <= 0 or > MaxAmount } or { Amount.Scale: > 4 } =>
            Problems.Invalid("amount", $"The amount must be more than 0, at most {MaxAmount}, with at most 4 decimals."),
        { PaymentMethod: { Length: 0 or > MaxPaymentMethodLength } } =>
            Problems.Invalid("paymentMethod", $"The payment method must have 1 to {MaxPaymentMethodLength} characters."),
        { Currency.Length: 3 } when request.Currency.All(char.IsAsciiLetterUpper) => null,
        _ => Problems.Invalid("currency", "The currency must be three capital letters."),
    };
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChargeRequest))]
[JsonSerializable(typeof(ChargeAnswer))]
[JsonSerializable(typeof(IEnumerable<ChargeView>))]
internal sealed partial class ChargesJson : JsonSerializerContext;
