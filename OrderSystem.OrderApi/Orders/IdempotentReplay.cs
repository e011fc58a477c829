using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.OrderApi.Idempotency;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// Answers a request whose key was used before. What was stored for it then never changes, so the first answer is rebuilt from its row.
/// </summary>
internal sealed class IdempotentReplay(NpgsqlDataSource database, IHttpContextAccessor http, OrderMetrics metrics)
{
    private const string Used = "SELECT order_id, refund_id, request_hash FROM idempotency_keys WHERE client_id = $1 AND key = $2";

    internal async Task<Results<Created<Order>, ValidationProblem, ProblemHttpResult>> OrderAsync(
        IdempotencyKey key, byte[] requestHash, CancellationToken cancellationToken)
    {
        var (isUsed, order) = await FindAsync(
            $"SELECT {Order.Columns}, request_hash FROM orders JOIN ({Used}) AS used ON used.order_id = id", Order.Read,
            key, requestHash, cancellationToken);
        if (!isUsed)
        {
            // It expired between the two statements.
            http.HttpContext!.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem("The key has just expired. Retry to place a new order.", statusCode: StatusCodes.Status409Conflict);
        }

        if (order is null)
            return Reused("order");
        Activity.Current?.SetTag(MessagingTelemetry.OrderId, order.Id);
        return TypedResults.Created($"/orders/{order.Id}", order with
        {
            Status = OrderStatus.Pending, Reason = null, UpdatedAt = order.CreatedAt, RefundedTotal = Money.Zero(order.Currency).Amount,
            Refund = null,
        });
    }

    /// <returns>Null when the key was not used.</returns>
    internal async Task<Results<Accepted<OrderRefund>, ValidationProblem, ProblemHttpResult>?> RefundAsync(
        Guid orderId, IdempotencyKey key, byte[] requestHash, CancellationToken cancellationToken)
    {
        // The key of an order has no refund, and another hash.
        var (isUsed, refund) = await FindAsync(
            $"SELECT {OrderRefund.Columns}, request_hash FROM ({Used}) AS used LEFT JOIN refunds ON id = used.refund_id", OrderRefund.Read,
            key, requestHash, cancellationToken);
        if (!isUsed)
            return null;
        if (refund is null)
            return Reused("refund");
        return TypedResults.Accepted(
            $"/orders/{orderId}", refund with { Status = RefundStatus.Pending, Failure = null, UpdatedAt = refund.CreatedAt });
    }

    private static ProblemHttpResult Reused(string what) => TypedResults.Problem(
        $"The key was used with another body. Use a new key for another {what}.", statusCode: StatusCodes.Status422UnprocessableEntity);

    /// <summary>Whether the key was used, and what the request stored that used it, if that request was the same.</summary>
    private async Task<(bool IsUsed, T? Stored)> FindAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, IdempotencyKey key, byte[] requestHash, CancellationToken cancellationToken)
        where T : class
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.ClientId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Key });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return (false, null);
        var used = await reader.GetFieldValueAsync<byte[]>(reader.FieldCount - 1, cancellationToken);
        if (!used.AsSpan().SequenceEqual(requestHash))
            return (true, null);
        http.HttpContext!.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        metrics.Replayed();
        return (true, read(reader));
    }
}
