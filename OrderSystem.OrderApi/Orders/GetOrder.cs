using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Orders;

/// <summary><c>GET /orders/{id}</c>.</summary>
internal static class GetOrder
{
    internal static void MapGetOrder(this IEndpointRouteBuilder orders) => orders.MapGet("/orders/{id:guid}", HandleAsync)
        .RequireAuthorization(Scopes.Read)
        .WithName("GetOrder")
        .WithSummary("Gets an order with its refunds.")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<Order>, ProblemHttpResult>> HandleAsync(
        Guid id, ClaimsPrincipal caller, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new($"SELECT {Order.Columns} FROM orders WHERE id = $1 AND ($2 IS NULL OR client_id = $2)")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = id },
                new NpgsqlParameter { Value = (object?)caller.OwnerFilter() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        });
        batch.BatchCommands.Add(new(OrderRefund.OfOrder) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id } } });
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return TypedResults.Problem($"There is no order {id}.", statusCode: StatusCodes.Status404NotFound);
        var order = Order.Read(reader);
        await reader.NextResultAsync(cancellationToken);
        var refunds = new List<OrderRefund>();
        while (await reader.ReadAsync(cancellationToken))
            refunds.Add(OrderRefund.Read(reader));
        return TypedResults.Ok(order with { Refunds = refunds });
    }
}
