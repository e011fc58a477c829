using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.Messaging;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Idempotency;

/// <summary>Answers a key that was used before. What an order was when it was placed never changes, so the first answer is made again from its row.</summary>
internal sealed class OrderOfKey(NpgsqlDataSource database, IHttpContextAccessor http, OrderMetrics metrics)
{
    internal async Task<Results<Created<Order>, ValidationProblem, ProblemHttpResult>> AnswerAsync(IdempotencyKey key, byte[] requestHash, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {Order.Columns}, request_hash FROM orders JOIN (
                SELECT order_id, request_hash FROM idempotency_keys WHERE client_id = $1 AND key = $2) AS used ON used.order_id = id
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.ClientId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Key });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var response = http.HttpContext!.Response;
        if (!await reader.ReadAsync(cancellationToken))
        {
            // It expired in the moment between the two statements.
            response.Headers.RetryAfter = "1";
            return TypedResults.Problem("The key has just expired. Ask again to place a new order.", statusCode: StatusCodes.Status409Conflict);
        }

        if (!(await reader.GetFieldValueAsync<byte[]>(reader.FieldCount - 1, cancellationToken)).AsSpan().SequenceEqual(requestHash))
            return TypedResults.Problem("The key was used with another body. Use a new key for another order.", statusCode: StatusCodes.Status422UnprocessableEntity);

        var order = Order.Read(reader);
        Activity.Current?.SetTag(MessagingTelemetry.OrderId, order.Id);
        response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        metrics.Replayed();
        return TypedResults.Created($"/orders/{order.Id}", order with { Status = OrderStatus.Pending, Reason = null, UpdatedAt = order.CreatedAt });
    }
}
