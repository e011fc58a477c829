using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Orders;

/// <summary><c>POST /orders/{id}/cancel</c>: a pending order is cancelled. Should it be charged already, the worker gives the money back.</summary>
internal sealed class CancelOrder(GroupCommitter committer, OrderMetrics metrics, TimeProvider time)
{
    private const int MaxReason = 200;

    internal static void Map(IEndpointRouteBuilder orders) => orders.MapPost(
            "/orders/{id:guid}/cancel", (Guid id, HttpRequest request, CancelOrder cancel, CancellationToken cancellationToken) => cancel.HandleAsync(id, request, cancellationToken))
        .RequireAuthorization(Scopes.Write)
        .WithName("CancelOrder")
        .WithSummary("Cancels a pending order. Asking again has no effect; an order that is paid, failed or under review cannot be cancelled.")
        .Accepts<CancelOrderRequest>(isOptional: true, "application/json")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private async Task<Results<Accepted, ValidationProblem, ProblemHttpResult>> HandleAsync(Guid id, HttpRequest http, CancellationToken cancellationToken)
    {
        string? reason = null;
        if (http.ContentLength > 0 || http.Headers.TransferEncoding.Count > 0)
        {
            var (request, problem) = await StrictJson.ReadAsync(http, CancelOrderJson.Default.CancelOrderRequest, cancellationToken);
            if (problem is not null)
                return problem;
            reason = request!.Reason;
            if (reason is { Length: 0 or > MaxReason } || reason?.EnumerateRunes().Any(rune => rune == System.Text.Rune.ReplacementChar || System.Text.Rune.IsControl(rune)) == true)
                return TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["reason"] = [$"must be 1 to {MaxReason} characters of printable text"] });
        }

        Activity.Current?.SetTag(MessagingTelemetry.OrderId, id);
        var cancelled = StoredEvent.Create(new OrderCancelled(id, reason), version: 2, Timestamps.Now(time));
        var (status, changedAfter, orderTrace) = await committer.WriteAsync(CancelPendingOrder.Instance, new(cancelled, http.HttpContext.User.OnlyOf(), reason));

        // Pending, and yet not changed: another transaction was about to end it, and the statement shows what was before. Now it shows what came of that.
        if (status == OrderStatus.Pending)
            (status, changedAfter, orderTrace) = await committer.WriteAsync(CancelPendingOrder.Instance, new(cancelled, http.HttpContext.User.OnlyOf(), reason));
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

/// <summary>What a caller may say about it.</summary>
internal sealed record CancelOrderRequest(string? Reason);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, PropertyNameCaseInsensitive = false,
    AllowDuplicateProperties = false, MaxDepth = 2)]
[JsonSerializable(typeof(CancelOrderRequest))]
internal sealed partial class CancelOrderJson : JsonSerializerContext;

/// <summary>A cancellation and the event that tells of it.</summary>
/// <param name="Told">The event.</param>
/// <param name="OnlyOf">The client that the order must be of; null for an operator. To others there is none.</param>
/// <param name="Reason">What the caller says about it.</param>
internal sealed record Cancellation(StoredEvent Told, string? OnlyOf, string? Reason);

/// <summary>What a cancellation came to.</summary>
/// <param name="Status">The status that the order has now, or null when there is none.</param>
/// <param name="ChangedAfter">The age at which this cancellation, and no earlier one, ended the order.</param>
/// <param name="OrderTrace">The W3C context in which the order was placed.</param>
internal readonly record struct CancelResult(OrderStatus? Status, TimeSpan? ChangedAfter, string? OrderTrace);

/// <summary>
/// Only a pending order changes, and only then the event is stored. The event belongs to the trace in which the order was placed, not to that of
/// the request to cancel it: an order is one trace.
/// </summary>
internal sealed class CancelPendingOrder() : GroupWrite<Cancellation, CancelResult>(
    "cancel-order",
    $"""
    WITH input AS (
        SELECT * FROM unnest({OutboxSql.Arrays}, $9::text[], $10::text[]) AS i ({OutboxSql.Columns}, only_of, reason)),
    changed AS (
        UPDATE orders o SET status = 'cancelled', reason = i.reason, updated_at = i.occurred_at
        FROM input i WHERE o.id = i.order_id AND o.id = ANY ($1) AND o.status = 'pending' AND (i.only_of IS NULL OR o.client_id = i.only_of)
        RETURNING o.id, now() - o.created_at AS age),
    stored AS (
        SELECT i.order_id, i.version, i.event_id, i.type, i.payload, coalesce(placed.traceparent, i.traceparent) AS traceparent,
            CASE WHEN placed.traceparent IS NULL THEN i.tracestate ELSE placed.tracestate END AS tracestate, i.occurred_at
        FROM input i JOIN changed c ON c.id = i.order_id
        LEFT JOIN (SELECT * FROM events WHERE order_id = ANY ($1) AND version = 1) placed ON placed.order_id = i.order_id),
    {OutboxSql.Store}
    SELECT i.order_id, CASE WHEN c.id IS NULL THEN o.status ELSE 'cancelled' END, c.age, s.traceparent
    FROM input i LEFT JOIN changed c ON c.id = i.order_id LEFT JOIN stored s ON s.order_id = i.order_id
    LEFT JOIN (SELECT id, client_id, status FROM orders WHERE id = ANY ($1)) o ON o.id = i.order_id AND (i.only_of IS NULL OR o.client_id = i.only_of)
    """)
{
    internal static readonly CancelPendingOrder Instance = new();

    protected override Guid KeyOf(Cancellation row) => row.Told.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<Cancellation> rows)
    {
        parameters.AddEvents([.. rows.Select(row => row.Told)]);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.OnlyOf);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Reason);
    }

    protected override CancelResult Read(NpgsqlDataReader reader, Cancellation row) =>
        new(reader.IsDBNull(1) ? null : OrderStatuses.Parse(reader.GetString(1)), reader.IsDBNull(2) ? null : reader.GetTimeSpan(2), reader.IsDBNull(3) ? null : reader.GetString(3));

    /// <summary>It comes second, so it goes by the table; the relay is only told that it is there.</summary>
    protected override StoredEvent? EventOf(Cancellation row, CancelResult result) => result.ChangedAfter is null ? null : row.Told;
}
