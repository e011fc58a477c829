using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Orders;

/// <summary>A page of orders.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last one.</param>
internal sealed record OrderPage(IReadOnlyList<Order> Items, string? NextCursor);

/// <summary>
/// <c>GET /orders?customerId=&amp;status=&amp;limit=&amp;cursor=</c>: newest first, by keyset pagination: a page
/// costs the same at any depth.
/// </summary>
internal static class ListOrders
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;

    internal static void MapListOrders(this IEndpointRouteBuilder orders) => orders.MapGet("/orders", HandleAsync)
        .RequireAuthorization(Scopes.Read)
        .WithName("ListOrders")
        .WithSummary("Lists orders, newest first.")
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<OrderPage>, ValidationProblem>> HandleAsync(
        string? customerId, string? status, string? limit, string? cursor,
        ClaimsPrincipal caller, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var size = PageLimit.Read(limit, DefaultLimit, MaxLimit, errors);
        if (status is not null && !OrderStatuses.TryParse(status, out _))
            errors["status"] = ["must be pending, paid, refunded, paymentFailed, cancelled or manualReview"];
        if (customerId is { Length: 0 or > 64 } || customerId?.Contains('\0') == true)
            errors["customerId"] = ["must have 1 to 64 printable characters"];
        Guid? before = null;
        if (cursor is not null && !TryReadCursor(cursor, out before))
            errors["cursor"] = ["must be the nextCursor of an earlier page"];
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors);

        var page = await ReadAsync(database, caller.OwnerFilter(), customerId, status, before, size + 1, cancellationToken);
        return TypedResults.Ok(page.Count <= size
            ? new OrderPage(page, NextCursor: null)
            : new OrderPage(page[..size], WriteCursor(page[size - 1].Id)));
    }

    private static async Task<List<Order>> ReadAsync(
        NpgsqlDataSource database, string? client, string? customerId,
        string? status, Guid? before, int limit, CancellationToken cancellationToken)
    {
        // Composed from constants, so that each combination of filters gets its own plan.
        await using var command = database.CreateCommand(
            $"""
            SELECT {Order.Columns} FROM orders
            WHERE true {(client is null ? "" : "AND client_id = @client")} {(customerId is null ? "" : "AND customer_id = @customer")}
                {StatusFilter(status)} {(before is null ? "" : "AND id < @before")}
            ORDER BY id DESC LIMIT @limit
            """);
        if (client is not null)
            command.Parameters.Add(new NpgsqlParameter<string>("client", client));
        if (customerId is not null)
            command.Parameters.Add(new NpgsqlParameter<string>("customer", customerId));
        if (status is not null)
            command.Parameters.Add(new NpgsqlParameter<string>("status", status));
        if (before is { } id)
            command.Parameters.Add(new NpgsqlParameter<Guid>("before", NpgsqlDbType.Uuid) { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));

        var page = new List<Order>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            page.Add(Order.Read(reader));
        return page;
    }

    /// <summary>As <see cref="Order.ShownStatus"/>, in the words of the indexes.</summary>
    internal static string StatusFilter(string? status) => status switch
    {
        null => "",
        "paid" => "AND status = 'paid' AND refunded_total < total",
        "refunded" => "AND status = 'paid' AND refunded_total >= total",
        _ => "AND status = @status",
    };

    private static string WriteCursor(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    private static bool TryReadCursor(string cursor, [NotNullWhen(true)] out Guid? id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id = cursor.Length == 22 && Base64Url.TryDecodeFromChars(cursor, bytes, out var written) && written == 16
            ? new Guid(bytes, bigEndian: true)
            : null;
        return id is not null;
    }
}
