using System.ComponentModel;
using System.Diagnostics;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.OrderApi.Idempotency;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// <c>POST /orders/{id}/refunds</c>: stores the refund and its event in one transaction and answers after the commit; the worker makes it.
/// The same idempotency key gets the same answer.
/// </summary>
internal sealed class RefundOrder(
    GroupCommitter committer, NpgsqlDataSource database, IdempotentReplay replay, InFlightKeys inFlight, OrderMetrics metrics,
    TimeProvider time)
{
    internal static void Map(IEndpointRouteBuilder orders) => orders.MapPost(
            "/orders/{id:guid}/refunds", (Guid id, HttpRequest request, RefundOrder refund, CancellationToken cancellationToken) =>
                refund.HandleAsync(id, request, cancellationToken))
        .RequireAuthorization(Scopes.Write)
        .WithName("RefundOrder")
        .WithSummary("Refunds a part of a paid order, or all of it. It is made asynchronously; its status in the order tells the outcome.")
        .WithDescription(
            $"{IdempotencyKey.Header} is required: a retry gets the first answer again ({IdempotencyKey.ReplayedHeader}: true) "
            + "and makes no second refund. 409 has what is left to refund as `refundable`, or the order's status as `orderStatus`.")
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = IdempotencyKey.Header,
                In = ParameterLocation.Header,
                Required = true,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            return Task.CompletedTask;
        })
        .Accepts<RefundOrderRequest>("application/json")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private async Task<Results<Accepted<OrderRefund>, ValidationProblem, ProblemHttpResult>> HandleAsync(
        Guid id, HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.HttpContext.User;
        if ((IdempotencyKey.TryRead(http, caller.RequiredClientId(), out var key) ?? (key is null ? "is required" : null)) is { } wrong)
            return Invalid(IdempotencyKey.Header, wrong);
        var (request, problem) = await StrictJson.ReadAsync(http, RefundOrderJson.Default.RefundOrderRequest, cancellationToken);
        if (problem is not null)
            return problem;
        if (RequestReason.WhyNot(request!.Reason) is { } unfit)
            return Invalid("reason", unfit);
        if (request.Amount <= 0)
            return Invalid("amount", "must be greater than 0");

        // It and the client of the order never change: only the statement that stores the refund decides the rest.
        if (await CurrencyOfAsync(id, caller, cancellationToken) is not { } currency)
            return NotFound(id);
        if (!Money.TryCreate(request.Amount, currency, out var amount))
            return Invalid("amount", $"has more decimals than {currency}, the currency of the order");
        if (!inFlight.TryBegin(key!.Value))
        {
            http.HttpContext.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem(
                "The first request with this key is still in flight. Retry to get its answer.", statusCode: StatusCodes.Status409Conflict);
        }

        try
        {
            return await StoreAsync(id, amount, request.Reason, key.Value, cancellationToken);
        }
        finally
        {
            inFlight.End(key.Value);
        }
    }

    private async Task<Results<Accepted<OrderRefund>, ValidationProblem, ProblemHttpResult>> StoreAsync(
        Guid id, Money amount, string? reason, IdempotencyKey key, CancellationToken cancellationToken)
    {
        var now = Timestamps.Now(time);
        var refund = new OrderRefund(
            Guid.CreateVersion7(now), amount.Amount, RefundStatus.Pending, RefundSource.Request, reason, Failure: null, now, now);
        var requested = StoredEvent.CreateUnnumbered(
            new RefundRequested(id, refund.Id, amount.Amount, amount.Currency, reason), now);
        var hash = RequestHash.Of(id, amount, reason);
        Activity.Current?.SetTag(MessagingTelemetry.OrderId, id);
        var inserted = await committer.WriteAsync(
            InsertRefund.Write, new(refund, amount.Currency, requested, key, hash));
        if (ActivityContext.TryParse(inserted.OrderTrace, traceState: null, out var placed))
            Activity.Current?.AddLink(new ActivityLink(placed));
        if (inserted.Version > 0)
        {
            metrics.RefundRequested();
            return TypedResults.Accepted($"/orders/{id}", refund);
        }

        // A retry may find that its own first request has taken what was left.
        return await replay.RefundAsync(id, key, hash, cancellationToken) ?? Refused(id, amount, inserted);
    }

    private static ProblemHttpResult Refused(Guid id, Money amount, InsertedRefund inserted) => inserted switch
    {
        { Status: null } => NotFound(id),
        { Status: not (OrderStatus.Paid or OrderStatus.Refunded) and { } status } => Conflict(
            $"The order is {status.ToName()}; only a paid order can be refunded.", "orderStatus", status.ToName()),
        { Requests: >= InsertRefund.MaxRequests } => Conflict(
            $"The order has {inserted.Requests} requested refunds, as many as it may have. Refund the rest at the payment provider.",
            "refundable", inserted.Refundable),
        _ when inserted.Allows(amount.Amount) => Conflict(
            "The key has just expired. Retry to request a new refund.", "refundable", inserted.Refundable),
        _ => Conflict(
            $"{Money.Of(inserted.Refundable, amount.Currency)} of the order are left to refund, {amount} were requested. "
                + "Request at most what is left; a pending refund takes its amount until it has failed.",
            "refundable", inserted.Refundable),
    };

    private static ProblemHttpResult Conflict(string detail, string member, object value) => TypedResults.Problem(
        detail, statusCode: StatusCodes.Status409Conflict,
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { [member] = value });

    private static ProblemHttpResult NotFound(Guid id) =>
        TypedResults.Problem($"There is no order {id}.", statusCode: StatusCodes.Status404NotFound);

    private static ValidationProblem Invalid(string field, string wrong) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [wrong] });

    private async Task<string?> CurrencyOfAsync(Guid id, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT currency FROM orders WHERE id = $1 AND ($2 IS NULL OR client_id = $2)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)caller.OwnerFilter() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }
}

/// <summary>The body of a request to refund an order.</summary>
internal sealed record RefundOrderRequest(
    [property: Description(
        "In units of the order's currency, greater than 0, with no more decimals than the currency has, and at most what is left.")]
    [property: JsonConverter(typeof(ExactDecimal))] decimal Amount,
    [property: Description("1 to 200 characters of printable text.")] string? Reason = null);

/// <summary>Strict, as the request to place an order.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    PropertyNameCaseInsensitive = false, AllowDuplicateProperties = false, MaxDepth = 2)]
[JsonSerializable(typeof(RefundOrderRequest))]
internal sealed partial class RefundOrderJson : JsonSerializerContext;
