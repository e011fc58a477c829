using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Operations;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary><c>/ops/reconciliations</c>: compares a settlement report, lists the results, and shows one with its findings.</summary>
internal static class ReconciliationsApi
{
    private const string MediaType = "text/csv";
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    internal static void AddReconciliation(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<ReconciliationOptions>(ReconciliationOptions.Section);
        builder.Services.AddSingleton<Reconciler>();
        builder.Services.AddHostedService<ReconciliationGauges>();
    }

    internal static void MapReconciliations(this IEndpointRouteBuilder ops)
    {
        var reconciliations = ops.MapGroup("/reconciliations");
        reconciliations.MapPost("/", RunAsync);
        reconciliations.MapGet("/", ListAsync);
        reconciliations.MapGet("/{id:long}", ShowAsync);
    }

    /// <summary>The body is the report, and is read as it arrives.</summary>
    private static async Task<IResult> RunAsync(
        HttpRequest http, Reconciler reconciler, IOptions<ReconciliationOptions> options, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        if (http.ContentType?.Split(';')[0].Trim().Equals(MediaType, StringComparison.OrdinalIgnoreCase) != true
            || http.Headers.ContentEncoding.Count > 0)
        {
            return TypedResults.Problem(
                $"Send the report as {MediaType}, without Content-Encoding.", statusCode: StatusCodes.Status415UnsupportedMediaType);
        }

        http.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = options.Value.MaxBytes;
        try
        {
            return await reconciler.RunAsync(http.Body, by, cancellationToken) is { } result
                ? TypedResults.Json(
                    result, ReconciliationJson.Default.ReconciliationResult, statusCode: StatusCodes.Status201Created)
                : TypedResults.Problem(
                    "Another reconciliation is running; retry when it has finished.", statusCode: StatusCodes.Status409Conflict);
        }
        catch (ReportException wrong)
        {
            return TypedResults.Problem(wrong.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException refused)
        {
            return TypedResults.Problem(
                refused.StatusCode == StatusCodes.Status413PayloadTooLarge
                    ? $"The report may have {options.Value.MaxBytes} bytes at most: split it, or raise Payments__Reconciliation__MaxBytes."
                    : "The report was invalidly chunked, incomplete or too slow; send it again.",
                statusCode: refused.StatusCode);
        }
    }

    private static async Task<IResult> ListAsync(
        string? before, string? limit, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        if (!TryReadPage(before, limit, nameof(before), out var from, out var size, out var errors))
            return TypedResults.ValidationProblem(errors);
        await using var command = database.CreateCommand(
            $"SELECT {ReconciliationResult.Columns} FROM reconciliations WHERE $1 IS NULL OR id < $1 ORDER BY id DESC LIMIT $2");
        command.Parameters.Add(Nullable(from));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = size });
        var items = new List<ReconciliationResult>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            items.Add(ReconciliationResult.Read(row));
        return TypedResults.Json(
            new ReconciliationPage(items, items.Count == size ? items[^1].Id : null), ReconciliationJson.Default.ReconciliationPage);
    }

    private static async Task<IResult> ShowAsync(
        long id, string? kind, string? after, string? limit, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var isRead = TryReadPage(after, limit, nameof(after), out var from, out var size, out var errors);
        if (kind is not null && !ReconciliationResult.Kinds.Contains(kind))
            errors[nameof(kind)] = [$"must be one of {string.Join(", ", ReconciliationResult.Kinds)}"];
        if (!isRead || errors.Count > 0)
            return TypedResults.ValidationProblem(errors);
        await using var session = await database.OpenConnectionAsync(cancellationToken);
        if (await ReconciliationResult.FindAsync(session, id, cancellationToken) is not { } result)
            return TypedResults.Problem($"There is no reconciliation {id}.", statusCode: StatusCodes.Status404NotFound);
        await using var command = new NpgsqlCommand(
            """
            SELECT number, kind, subject, reference, order_id, report_row, here_amount, here_currency, there_amount, there_currency, detail
            FROM reconciliation_findings
            WHERE reconciliation_id = $1 AND number > coalesce($2, 0) AND ($3 IS NULL OR kind = $3) ORDER BY number LIMIT $4
            """,
            session);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        command.Parameters.Add(Nullable(from));
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)kind ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = size });
        var findings = new List<ReconciliationFinding>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            findings.Add(ReadFinding(row));
        return TypedResults.Json(
            new ReconciliationDetails(result, findings, findings.Count == size ? findings[^1].Number : null),
            ReconciliationJson.Default.ReconciliationDetails);
    }

    private static ReconciliationFinding ReadFinding(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), Value<Guid>(row, 4), Value<long>(row, 5),
        Value<decimal>(row, 6), Text(row, 7), Value<decimal>(row, 8), Text(row, 9), Text(row, 10));

    private static bool TryReadPage(
        string? from, string? limit, string name, out long? start, out int size, out Dictionary<string, string[]> errors)
    {
        errors = new(StringComparer.Ordinal);
        start = null;
        size = PageLimit.Read(limit, DefaultLimit, MaxLimit, errors);
        if (long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            start = number;
        else if (from is not null)
            errors[name] = ["must be the next of the page before"];
        return errors.Count == 0;
    }

    private static NpgsqlParameter Nullable(long? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    private static T? Value<T>(NpgsqlDataReader row, int column)
        where T : struct => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
