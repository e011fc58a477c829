using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Orders;

/// <summary><c>POST /orders/{id}/cancel</c>: cancels a pending order. If it is charged already, the worker refunds it.</summary>
internal sealed class CancelOrder(GroupCommitter committer, OrderMetrics metrics, TimeProvider time)
{
    internal static void Map(IEndpointRouteBuilder orders) => orders.MapPost(
            "/orders/{id:guid}/cancel", (Guid id, HttpRequest request, CancelOrder cancel, CancellationToken cancellationToken) =>
                cancel.HandleAsync(id, request, cancellationToken))
        .RequireAuthorization(Scopes.Write)
        .WithName("CancelOrder")
        .WithSummary(
            "Cancels a pending order. Repeating the request has no effect; an order that is paid, failed or in review cannot be cancelled.")
        .Accepts<CancelOrderRequest>(isOptional: true, "application/json")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private async Task<Results<Accepted, ValidationProblem, ProblemHttpResult>> HandleAsync(
        Guid id, HttpRequest http, CancellationToken cancellationToken)
    {
        string? reason = null;
        if (http.ContentLength > 0 || http.Headers.TransferEncoding.Count > 0)
        {
            var (request, problem) = await StrictJson.ReadAsync(http, CancelOrderJson.Default.CancelOrderRequest, cancellationToken);
            if (problem is not null)
                return problem;
            reason = request!.Reason;
            if (RequestReason.WhyNot(reason) is { } wrong)
                return TypedResults.ValidationProblem(
                    new Dictionary<string, string[]>(StringComparer.Ordinal) { ["reason"] = [wrong] });
        }

        Activity.Current?.SetTag(MessagingTelemetry.OrderId, id);
        var cancelled = StoredEvent.Create(new OrderCancelled(id, reason), version: 2, Timestamps.Now(time));
        var (status, changedAfter, orderTrace) = await committer.WriteAsync(
            CancelPendingOrder.Write, new(cancelled, http.HttpContext.User.OwnerFilter(), reason));

        // Lost a race with a concurrent update: the snapshot was stale. Retry once.
        if (status == OrderStatus.Pending)
            (status, changedAfter, orderTrace) = await committer.WriteAsync(
                CancelPendingOrder.Write, new(cancelled, http.HttpContext.User.OwnerFilter(), reason));
        if (changedAfter is { } age)
            metrics.Finished(OrderStatus.Cancelled, age);
        if (ActivityContext.TryParse(orderTrace, traceState: null, out var placed))
            Activity.Current?.AddLink(new ActivityLink(placed));
        return status switch
        {
            null => TypedResults.Problem($"There is no order {id}.", statusCode: StatusCodes.Status404NotFound),
            OrderStatus.Cancelled => TypedResults.Accepted($"/orders/{id}"),
            { } final => TypedResults.Problem(
                $"The order is {final.ToName()} and cannot be cancelled.", statusCode: StatusCodes.Status409Conflict,
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["status"] = final.ToName() }),
        };
    }
}

/// <summary>The optional body.</summary>
internal sealed record CancelOrderRequest(string? Reason);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    PropertyNameCaseInsensitive = false, AllowDuplicateProperties = false, MaxDepth = 2)]
[JsonSerializable(typeof(CancelOrderRequest))]
internal sealed partial class CancelOrderJson : JsonSerializerContext;

/// <summary>A request to cancel an order.</summary>
/// <param name="Cancelled">The event that it stores.</param>
/// <param name="OwnedBy">The client that must own the order; null for an operator. For any other client the order does not exist.</param>
/// <param name="Reason">The caller's reason.</param>
internal sealed record Cancellation(StoredEvent Cancelled, string? OwnedBy, string? Reason);

/// <summary>The effect of a cancellation.</summary>
/// <param name="Status">The status of the order now; null when there is no such order.</param>
/// <param name="ChangedAfter">Age of the order when this cancellation ended it; null when it did not.</param>
/// <param name="OrderTrace">The W3C trace context in which the order was placed.</param>
internal readonly record struct CancelResult(OrderStatus? Status, TimeSpan? ChangedAfter, string? OrderTrace);

/// <summary>
/// Cancels a pending order and stores the event; any other order stays as it is. The event carries the trace context in which the order was
/// placed, not that of the cancel request: an order is one trace.
/// </summary>
internal static class CancelPendingOrder
{
    internal static readonly BatchedWrite<Cancellation, CancelResult> Write = new(
        "cancel-order",
        key: ("order_id", row => row.Cancelled.OrderId),
        input: columns => columns
            .Event(row => row.Cancelled)
            .Add("owned_by", NpgsqlDbType.Text, row => row.OwnedBy)
            .Add("reason", NpgsqlDbType.Text, row => row.Reason),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        changed AS (
            UPDATE orders o SET status = 'cancelled', reason = i.reason, updated_at = i.occurred_at
            FROM input i
            WHERE o.id = i.order_id AND o.id = ANY ({BatchedWrite.Keys}) AND o.status = 'pending'
                AND (i.owned_by IS NULL OR o.client_id = i.owned_by)
            RETURNING o.id, now() - o.created_at AS age),
        forgotten AS ({PaymentMethod.Forget}),
        stored AS (
            SELECT i.order_id, i.version, i.event_id, i.type, i.payload, coalesce(placed.traceparent, i.traceparent) AS traceparent,
                CASE WHEN placed.traceparent IS NULL THEN i.tracestate ELSE placed.tracestate END AS tracestate, i.occurred_at
            FROM input i JOIN changed c ON c.id = i.order_id
            LEFT JOIN (SELECT * FROM events WHERE order_id = ANY ({BatchedWrite.Keys}) AND version = 1) placed
                ON placed.order_id = i.order_id),
        {OutboxSql.Store}
        SELECT i.order_id, CASE WHEN c.id IS NULL THEN o.status ELSE 'cancelled' END, c.age, s.traceparent
        FROM input i LEFT JOIN changed c ON c.id = i.order_id LEFT JOIN stored s ON s.order_id = i.order_id
        LEFT JOIN (SELECT id, client_id, {Order.ShownStatus} AS status FROM orders WHERE id = ANY ({BatchedWrite.Keys})) o
            ON o.id = i.order_id AND (i.owned_by IS NULL OR o.client_id = i.owned_by)
        """,
        read: (reader, _) => new(
            reader.IsDBNull(1) ? null : OrderStatuses.Parse(reader.GetString(1)), reader.IsDBNull(2) ? null : reader.GetTimeSpan(2),
            reader.IsDBNull(3) ? null : reader.GetString(3)),

        // The second event of an order: the relay publishes it from the table, after the first.
        stored: (row, result) => result.ChangedAfter is null ? null : row.Cancelled);
}
