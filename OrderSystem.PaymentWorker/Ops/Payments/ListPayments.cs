using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>Payments without a final status, the longest waiting first.</summary>
internal sealed record PaymentList(
    IReadOnlyList<WaitingPayment> Items,
    [property: Description("Number of matching payments, including those beyond the limit.")] long Total);

internal sealed record WaitingPayment(
    Guid OrderId, Guid PaymentId, string Status, decimal? Amount, string? Currency,
    string? Reason, string? ProviderReference, int Attempts, bool IsCancelled,
    [property: Description("In review since · unknown since the first attempt · processing since · refunding since the cancellation")]
    DateTimeOffset Since);

/// <summary>Which payments to list.</summary>
/// <param name="Status">One of <see cref="ListPayments.Statuses"/>; null for all of these.</param>
/// <param name="OlderThan">Only payments that have waited at least this long.</param>
/// <param name="Limit">Maximum number of payments.</param>
internal sealed record ListRequest(string? Status, TimeSpan OlderThan, int Limit);

/// <summary><c>GET /ops/payments?status=&amp;olderThan=&amp;limit=</c>.</summary>
internal static class ListPayments
{
    internal const int DefaultLimit = 50;
    internal const int MaxLimit = 1_000;

    internal static readonly string[] Statuses = ["review", "unknown", "processing", "refunding"];

    internal static async Task<Results<JsonHttpResult<PaymentList>, ValidationProblem>> HandleAsync(
        string? status, string? olderThan, string? limit, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var (request, errors) = Parse(status, olderThan, limit);
        return errors.Count > 0
            ? TypedResults.ValidationProblem(errors)
            : TypedResults.Json(await ReadAsync(database, request, cancellationToken), PaymentsJson.Default.PaymentList);
    }

    internal static (ListRequest Request, Dictionary<string, string[]> Errors) Parse(string? status, string? olderThan, string? limit)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (status is not null && !Statuses.Contains(status))
            errors["status"] = [$"must be one of {string.Join(", ", Statuses)}"];
        var age = TimeSpan.Zero;
        if (olderThan is not null && !TryReadAge(olderThan, out age))
            errors["olderThan"] = ["must be a number with s, m, h or d, such as 15m"];
        var size = PageLimit.Read(limit, DefaultLimit, MaxLimit, errors);
        return (new(status, age, size), errors);
    }

    /// <summary>The status is a literal in the SQL, so that PostgreSQL can use the partial index of each.</summary>
    internal static async Task<PaymentList> ReadAsync(NpgsqlDataSource database, ListRequest request, CancellationToken cancellationToken)
    {
        var parts = Statuses.Where(status => request.Status is null || request.Status == status)
            .Select(status => $"SELECT *, {SinceOf(status)} AS since FROM payments WHERE status = '{status}'");
        await using var command = database.CreateCommand(
            $"""
            SELECT order_id, id, status, amount, currency, reason, provider_reference, attempts, cancelled_at IS NOT NULL, since,
                count(*) OVER ()
            FROM ({string.Join(" UNION ALL ", parts)}) AS waiting WHERE since <= now() - $1 ORDER BY since, order_id LIMIT $2
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = request.OlderThan });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = request.Limit });
        var (items, total) = (new List<WaitingPayment>(), 0L);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            items.Add(Read(row));
            total = row.GetInt64(10);
        }

        return new(items, total);
    }

    /// <summary>A payment in review does not change any more; in the other statuses each attempt updates the row.</summary>
    private static string SinceOf(string status) => status switch
    {
        "review" => "updated_at",
        "unknown" => "first_attempt_at",
        "processing" => "processing_since",
        _ => "coalesce(cancelled_at, updated_at)",
    };

    private static bool TryReadAge(string text, out TimeSpan age)
    {
        age = default;
        if (text.Length < 2
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count > 1_000_000)
            return false;
        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        age = count * (unit ?? default);
        return unit is not null;
    }

    private static WaitingPayment Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.GetString(2),
        row.IsDBNull(3) ? null : row.GetDecimal(3), Text(row, 4), Text(row, 5), Text(row, 6),
        row.GetInt32(7), row.GetBoolean(8), row.GetFieldValue<DateTimeOffset>(9));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
