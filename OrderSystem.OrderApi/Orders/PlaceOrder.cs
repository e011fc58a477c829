using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.OrderApi.Errors;

namespace OrderSystem.OrderApi.Orders;

/// <summary><c>POST /orders</c>: stores the order and its event in one transaction and answers after the commit.</summary>
internal static class PlaceOrder
{
    internal static void MapPlaceOrder(this IEndpointRouteBuilder orders) => orders.MapPost("/", HandleAsync)
        .WithName("PlaceOrder")
        .WithSummary("Places an order. It is charged in the background; its status says how that went.")
        .Accepts<PlaceOrderRequest>("application/json")
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Created<Order>, ValidationProblem, ProblemHttpResult>> HandleAsync(
        HttpRequest http, GroupCommitter committer, TimeProvider time, CancellationToken cancellationToken)
    {
        var (request, problem) = await StrictJson.ReadAsync(http, PlaceOrderJson.Default.PlaceOrderRequest, cancellationToken);
        if (problem is not null)
            return problem;
        if (PlaceOrderValidation.Validate(request!, out var total) is { } errors)
            return TypedResults.ValidationProblem(errors);

        var now = Timestamps.Now(time);
        var items = request!.Items.Select(item => new OrderedItem(item.Sku, item.Quantity, item.UnitPrice)).ToArray();
        var order = new Order(Guid.CreateVersion7(now), request.CustomerId, request.Currency, items, total, OrderStatus.Pending, Reason: null, now, now);
        System.Diagnostics.Activity.Current?.SetTag(Messaging.MessagingTelemetry.OrderId, order.Id);
        await committer.WriteAsync(InsertOrder.Instance, new(order, StoredEvent.Create(new OrderCreated(order.Id, order.CustomerId, order.Currency, total, items), version: 1, now)));
        return TypedResults.Created($"/orders/{order.Id}", order);
    }
}

/// <summary>An order and the event that tells of it.</summary>
internal sealed record NewOrder(Order Order, StoredEvent Created);

/// <summary>Orders, their events and their places in the outbox: many orders, one statement.</summary>
internal sealed class InsertOrder() : GroupWrite<NewOrder, bool>(
    "insert-order",
    $"""
    WITH stored ({OutboxSql.Columns}, customer_id, currency, total) AS (
        SELECT * FROM unnest({OutboxSql.Arrays}, $9::text[], $10::text[], $11::numeric[])),
    placed AS (
        INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at)
        SELECT order_id, customer_id, currency, total, convert_from(payload, 'UTF8')::jsonb -> 'items', 'pending', occurred_at, occurred_at FROM stored),
    {OutboxSql.Store}
    SELECT order_id FROM stored
    """)
{
    internal static readonly InsertOrder Instance = new();

    protected override Guid KeyOf(NewOrder row) => row.Order.Id;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<NewOrder> rows)
    {
        parameters.AddEvents([.. rows.Select(row => row.Created)]);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Order.CustomerId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Order.Currency);
        parameters.AddArray(NpgsqlDbType.Numeric, rows, row => row.Order.Total);
    }

    protected override bool Read(NpgsqlDataReader reader, NewOrder row) => true;

    protected override StoredEvent? EventOf(NewOrder row, bool result) => row.Created;
}
