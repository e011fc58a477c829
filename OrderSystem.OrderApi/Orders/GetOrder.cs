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
        .WithSummary("Gets an order.")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<Order>, ProblemHttpResult>> HandleAsync(
        Guid id, ClaimsPrincipal caller, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT {Order.Columns} FROM orders WHERE id = $1 AND ($2 IS NULL OR client_id = $2)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)caller.OwnerFilter() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? TypedResults.Ok(Order.Read(reader))
            : TypedResults.Problem($"There is no order {id}.", statusCode: StatusCodes.Status404NotFound);
    }
}
