using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>Refunds of paid orders in one status, the oldest first.</summary>
internal sealed record RefundList(
    IReadOnlyList<ListedRefund> Items,
    [property: Description("Number of matching refunds, including those beyond the limit.")] long Total);

internal sealed record ListedRefund(
    Guid Id, Guid OrderId, decimal Amount, string Currency, string Status, string Source, string? Reason, string? Failure,
    string? ProviderReference, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, IReadOnlyList<ProviderCall> Calls)
{
    internal const string Columns =
        """
        id, order_id, amount, currency, status, source, reason, failure, provider_reference, attempts, created_at, updated_at, calls::text
        """;

    /// <summary>Selects what <see cref="Read"/> reads; $1 is the order.</summary>
    internal const string OfOrder = $"SELECT {Columns} FROM refunds WHERE order_id = $1 ORDER BY created_at, id";

    internal static ListedRefund Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.GetDecimal(2), row.GetString(3), row.GetString(4), row.GetString(5), Text(row, 6), Text(row, 7),
        Text(row, 8), row.GetInt32(9), row.GetFieldValue<DateTimeOffset>(10), row.GetFieldValue<DateTimeOffset>(11),
        ProviderCall.FromJson(Text(row, 12)));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary><c>GET /ops/refunds?status=&amp;limit=</c>: the refunds that wait for a person, or for the provider.</summary>
internal static class ListRefunds
{
    private const int MaxLimit = 1_000;

    /// <summary>By default those in review.</summary>
    internal static readonly string[] Statuses = [RefundStatus.Review.ToName(), RefundStatus.Pending.ToName()];

    internal static async Task<Results<JsonHttpResult<RefundList>, ValidationProblem>> HandleAsync(
        string? status, string? limit, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (status is not null && !Statuses.Contains(status))
            errors["status"] = [$"must be one of {string.Join(", ", Statuses)}"];
        var size = PageLimit.Read(limit, ListPayments.DefaultLimit, MaxLimit, errors);
        return errors.Count > 0
            ? TypedResults.ValidationProblem(errors)
            : TypedResults.Json(
                await ReadAsync(database, status ?? Statuses[0], size, cancellationToken), PaymentsJson.Default.RefundList);
    }

    /// <summary>The status is a literal in the SQL, so that PostgreSQL can use the partial index of each.</summary>
    internal static async Task<RefundList> ReadAsync(
        NpgsqlDataSource database, string status, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {ListedRefund.Columns}, count(*) OVER () FROM refunds WHERE status = '{status}' ORDER BY created_at, id LIMIT $1
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var (items, total) = (new List<ListedRefund>(), 0L);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            items.Add(ListedRefund.Read(row));
            total = row.GetInt64(13);
        }

        return new(items, total);
    }
}
