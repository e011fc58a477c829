using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// The payment method of an order: an opaque token of the provider. It is kept apart from the order, until that is final, and only the
/// payment worker can read it, by <c>GET /internal/orders/{id}/payment-method</c>.
/// </summary>
internal static class PaymentMethod
{
    private const int MaxLength = 255;

    /// <summary>Why this is no payment method; null when it is one, or when there is none. The text does not quote it.</summary>
    internal static string? WhyNot(string? token) => token switch
    {
        null => null,
        _ when IsCardNumber(token) =>
            "looks like the number of a card, which must never be sent; send the token that the payment provider gave for it",
        { Length: 0 or > MaxLength } => $"must have 1 to {MaxLength} characters, has {token.Length}",
        _ when token.AsSpan().ContainsAnyExceptInRange('!', '~') => "must be visible ASCII characters without spaces",
        _ => null,
    };

    /// <summary>Part of a batched write: deletes the methods of the orders of its common table expression <c>changed</c>.</summary>
    internal const string Forget =
        $"DELETE FROM payment_methods WHERE order_id = ANY ({BatchedWrite.Keys}) AND order_id IN (SELECT id FROM changed)";

    internal static void MapPaymentMethod(this IEndpointRouteBuilder app) =>
        app.MapGet("/internal/orders/{id:guid}/payment-method", HandleAsync)
            .RequireAuthorization(Scopes.PaymentMethods)

            // The only client are our workers, whose concurrency is bounded, and which would wait as long as they were rejected.
            .DisableRateLimiting()
            .WithName("GetPaymentMethod")
            .WithTags("Internal")
            .WithSummary("Gets the payment method of an order that is not final yet. For the payment worker alone.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<OrderPaymentMethod>, ProblemHttpResult>> HandleAsync(
        Guid id, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT token FROM payment_methods WHERE order_id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return await command.ExecuteScalarAsync(cancellationToken) is string token
            ? TypedResults.Ok(new OrderPaymentMethod(token))
            : TypedResults.Problem(
                $"There is no payment method for order {id}: it has none, or is final.", statusCode: StatusCodes.Status404NotFound);
    }

    /// <summary>12 to 19 digits, with or without spaces and dashes, of which the last one checks the others (ISO/IEC 7812).</summary>
    private static bool IsCardNumber(string text)
    {
        var (digits, sum) = (0, 0);
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (text[i] is ' ' or '-')
                continue;
            if (!char.IsAsciiDigit(text[i]))
                return false;
            var digit = (text[i] - '0') * (1 + (digits % 2));
            sum += digit > 9 ? digit - 9 : digit;
            digits++;
        }

        return digits is >= 12 and <= 19 && sum % 10 == 0;
    }
}

internal sealed record OrderPaymentMethod(string PaymentMethod);
