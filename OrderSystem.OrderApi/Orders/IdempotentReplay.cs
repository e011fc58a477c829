using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.OrderApi.Idempotency;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// Answers a request whose key was used before. The fields of a placed order never change, so the first answer is rebuilt from its row.
/// </summary>
internal sealed class IdempotentReplay(NpgsqlDataSource database, IHttpContextAccessor http, OrderMetrics metrics)
{
    internal async Task<Results<Created<Order>, ValidationProblem, ProblemHttpResult>> AnswerAsync(
        IdempotencyKey key, byte[] requestHash, CancellationToken cancellationToken)
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
            // It expired between the two statements.
            response.Headers.RetryAfter = "1";
            return TypedResults.Problem("The key has just expired. Retry to place a new order.", statusCode: StatusCodes.Status409Conflict);
        }

        if (!(await reader.GetFieldValueAsync<byte[]>(reader.FieldCount - 1, cancellationToken)).AsSpan().SequenceEqual(requestHash))
            return TypedResults.Problem(
                "The key was used with another body. Use a new key for another order.",
                statusCode: StatusCodes.Status422UnprocessableEntity);

        var order = Order.Read(reader);
        Activity.Current?.SetTag(MessagingTelemetry.OrderId, order.Id);
        response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        metrics.Replayed();
        return TypedResults.Created(
            $"/orders/{order.Id}", order with { Status = OrderStatus.Pending, Reason = null, UpdatedAt = order.CreatedAt });
    }
}
