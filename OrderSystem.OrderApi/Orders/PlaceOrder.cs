using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.OrderApi.Idempotency;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// <c>POST /orders</c>: stores the order and its event in one transaction and answers after the commit. The same idempotency
/// key gets the same answer.
/// </summary>
internal sealed class PlaceOrder(
    GroupCommitter committer, IdempotentReplay replay, InFlightKeys inFlight, OrderMetrics metrics, TimeProvider time)
{
    internal static void Map(IEndpointRouteBuilder orders) => orders.MapPost(
            "/orders", (HttpRequest request, PlaceOrder place, CancellationToken cancellationToken) =>
                place.HandleAsync(request, cancellationToken))
        .RequireAuthorization(Scopes.Write)
        .WithName("PlaceOrder")
        .WithSummary("Places an order. It is charged asynchronously; its status tells the outcome.")
        .WithDescription(
            $"With {IdempotencyKey.Header} a retry gets the first answer again ({IdempotencyKey.ReplayedHeader}: true) "
            + "and places no second order.")
        .Accepts<PlaceOrderRequest>("application/json")
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private async Task<Results<Created<Order>, ValidationProblem, ProblemHttpResult>> HandleAsync(
        HttpRequest http, CancellationToken cancellationToken)
    {
        var client = http.HttpContext.User.RequiredClientId();
        if (IdempotencyKey.TryRead(http, client, out var key) is { } wrong)
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>(StringComparer.Ordinal) { [IdempotencyKey.Header] = [wrong] });
        var (request, problem) = await StrictJson.ReadAsync(http, PlaceOrderJson.Default.PlaceOrderRequest, cancellationToken);
        if (problem is not null)
            return problem;
        if (PlaceOrderValidation.Validate(request!, out var items, out var total) is { } errors)
            return TypedResults.ValidationProblem(errors);
        if (key is null)
            return await StoreAsync(request!, items, total, client, key: null, cancellationToken);

        if (!inFlight.TryBegin(key.Value))
        {
            http.HttpContext.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem(
                "The first request with this key is still in flight. Retry to get its answer.", statusCode: StatusCodes.Status409Conflict);
        }

        try
        {
            return await StoreAsync(request!, items, total, client, key, cancellationToken);
        }
        finally
        {
            inFlight.End(key.Value);
        }
    }

    private async Task<Results<Created<Order>, ValidationProblem, ProblemHttpResult>> StoreAsync(
        PlaceOrderRequest request, OrderedItem[] items, Money total,
        string client, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        var now = Timestamps.Now(time);
        var order = new Order(
            Guid.CreateVersion7(now), request.CustomerId, total.Currency, items, total.Amount, OrderStatus.Pending, Reason: null, now, now,
            RefundedTotal: Money.Zero(total.Currency).Amount);
        var created = StoredEvent.Create(
            new OrderCreated(order.Id, order.CustomerId, order.Currency, order.Total, items, request.PaymentMethod is not null),
            version: 1, now);
        if (created.Payload.Length > StoredEvent.MaxPayload)
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["items"] = [$"take {created.Payload.Length} bytes as an event, may take {StoredEvent.MaxPayload}"],
            });
        var hash = key is null ? null : RequestHash.Of(request);
        var isNew = await committer.WriteAsync(InsertOrder.Write, new(order, client, created, key, hash, request.PaymentMethod));
        if (!isNew)
            return await replay.OrderAsync(key!.Value, hash!, cancellationToken);

        metrics.Placed();
        Activity.Current?.SetTag(MessagingTelemetry.OrderId, order.Id);
        return TypedResults.Created($"/orders/{order.Id}", order);
    }
}
