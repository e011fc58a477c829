using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Charges;

internal sealed record ChargeRequest(string? OrderId, decimal? Amount, string? Currency);

internal sealed record ChargeAnswer(string Id, string Status, string? Reason);

internal sealed record ChargeView(string Id, string Status, decimal Amount, string Currency, DateTimeOffset CreatedAt, DateTimeOffset? RefundedAt);

internal static class ChargeEndpoints
{
    private const int MaxOrderIdLength = 100;
    private const decimal MaxAmount = 1_000_000_000_000m;

    public static void MapCharges(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/charges", ChargeAsync);
        routes.MapGet("/charges", ListByOrder);
    }

    // Charges of one order are not compared with each other: a second key is a second charge, which the audit has to find.
    private static Task<IResult> ChargeAsync(
        ChargeRequest request, HttpContext http, KeyedCalls calls, Book book, LedgerWriter ledger, FaultInjector faults, Attempts attempts)
    {
        if (Validate(request) is { } invalid)
        {
            attempts.Count(Attempt.Invalid);
            return Task.FromResult<IResult>(invalid);
        }

        var (orderId, amount, currency) = (request.OrderId!, request.Amount!.Value, request.Currency!);
        Activity.Current?.SetTag("order.id", orderId);
        var order = Fingerprint.Of(orderId);

        return calls.AnswerAsync(
            http,
            isSameRequest: entry => entry is Charge charge && charge.Order == order && charge.Amount == amount && charge.Currency == currency,
            process: async key =>
            {
                var reason = faults.DeclineReason(orderId, amount);
                var entry = await ledger.AppendAsync(LedgerLine.OfCharge(key, orderId, amount, currency, reason));
                attempts.Count(reason is null ? Attempt.Succeeded : Attempt.Declined);
                return new(entry);
            },
            answer: entry => Answer(book, (Charge)entry));
    }

    private static IResult ListByOrder(string? orderId, Book book, Attempts attempts)
    {
        if (string.IsNullOrEmpty(orderId)) return Problems.Invalid("orderId", "The query needs an order id.");

        attempts.Count(Attempt.LookedUp);
        Activity.Current?.SetTag("order.id", orderId);
        var charges = book.ChargesOf(Fingerprint.Of(orderId)).Select(charge => new ChargeView(
            book.IdOf(charge), charge.Status, charge.Amount, charge.Currency, charge.CreatedAt, charge.RefundedAt));
        return TypedResults.Json(charges, GatewayJson.Default.IEnumerableChargeView);
    }

    private static JsonHttpResult<ChargeAnswer> Answer(Book book, Charge charge) =>
        TypedResults.Json(
            new ChargeAnswer(book.IdOf(charge), charge.Status, charge.Reason),
            GatewayJson.Default.ChargeAnswer,
            statusCode: charge.Succeeded ? StatusCodes.Status200OK : StatusCodes.Status402PaymentRequired);

    private static ValidationProblem? Validate(ChargeRequest request) => request switch
    {
        { OrderId: null or { Length: 0 or > MaxOrderIdLength } } =>
            Problems.Invalid("orderId", $"The order id must have 1 to {MaxOrderIdLength} characters."),
        { Amount: null or <= 0 or > MaxAmount } or { Amount.Scale: > 4 } =>
            Problems.Invalid("amount", $"The amount must be more than 0, at most {MaxAmount}, with at most 4 decimals."),
        { Currency.Length: 3 } when request.Currency.All(char.IsAsciiLetterUpper) => null,
        _ => Problems.Invalid("currency", "The currency must be three capital letters."),
    };
}
