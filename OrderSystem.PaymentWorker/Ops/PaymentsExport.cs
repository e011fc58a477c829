using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Npgsql;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>
/// <c>GET /ops/audit/payments</c>, <c>/events</c>, <c>/webhooks</c> and <c>/reconciliation</c>: the payments of this service, each with the
/// refunds of its paid order, its events, the webhooks that contradict a payment, and the findings of its last reconciliation, one JSON
/// object per line, for the audit of the order API. Rows are streamed, so that their number does not matter for memory; a truncated
/// response is a failure.
/// </summary>
internal static class PaymentsExport
{
    private const int FlushAt = 64 * 1024;

    internal static void MapPaymentsExport(this IEndpointRouteBuilder ops)
    {
        ops.MapGet("/audit/payments", (HttpContext http, NpgsqlDataSource database) => WriteAsync(
            http,
            database,
            """
            SELECT order_id, p.status, p.amount, p.currency, p.provider_reference, r.refunds
            FROM payments p LEFT JOIN (
                SELECT order_id, jsonb_agg(jsonb_build_object(
                    'id', id, 'amount', amount, 'currency', currency, 'status', status, 'source', source,
                    'reference', provider_reference, 'updatedAt', updated_at) ORDER BY created_at, id)::text AS refunds
                FROM refunds GROUP BY order_id) r USING (order_id)
            ORDER BY order_id
            """,
            ReadPayment,
            ExportJson.Default.PaymentLine));
        ops.MapGet("/audit/events", (HttpContext http, NpgsqlDataSource database) => WriteAsync(
            http,
            database,
            """
            SELECT e.event_id, e.order_id, e.type, e.occurred_at,
                CASE WHEN o.order_id IS NOT NULL THEN greatest(e.occurred_at, to_timestamp(o.emission)) END
            FROM events e LEFT JOIN outbox o USING (order_id, version) ORDER BY e.order_id, e.version
            """,
            ReadEvent,
            ExportJson.Default.EventLine));
        ops.MapGet("/audit/webhooks", (HttpContext http, NpgsqlDataSource database) => WriteAsync(
            http,
            database,
            "SELECT order_id, event_id, detail FROM webhook_events WHERE state = 'dead' AND contradicts ORDER BY received_at",
            row => new WebhookLine(row.GetGuid(0), row.GetString(1), row.GetString(2)),
            ExportJson.Default.WebhookLine));
        ops.MapGet("/audit/reconciliation", (HttpContext http, NpgsqlDataSource database) => WriteAsync(
            http,
            database,
            """
            SELECT f.reference, 'reconciliation ' || f.reconciliation_id || ': ' || f.subject || ' ' || f.kind
                || coalesce(', ' || f.detail, ', here ' || f.here_amount || ' ' || f.here_currency
                    || ', there ' || f.there_amount || ' ' || f.there_currency, '')
            FROM reconciliation_findings f
            WHERE f.reconciliation_id = (SELECT max(id) FROM reconciliations) ORDER BY f.number
            """,
            ReadFinding,
            ExportJson.Default.ReconciliationLine));
    }

    private static ReconciliationLine ReadFinding(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1));

    private static async Task WriteAsync<T>(
        HttpContext http, NpgsqlDataSource database, string sql, Func<NpgsqlDataReader, T> read, JsonTypeInfo<T> type)
    {
        var cancellationToken = http.RequestAborted;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        http.Response.ContentType = "application/x-ndjson";
        var body = http.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(body);
        await foreach (var row in ReadAsync(connection, sql, read, cancellationToken))
        {
            JsonSerializer.Serialize(json, row, type);
            await json.FlushAsync(cancellationToken);
            json.Reset();
            body.Write("\n"u8);
            if (body.UnflushedBytes > FlushAt)
                await body.FlushAsync(cancellationToken);
        }
    }

    private static async IAsyncEnumerable<T> ReadAsync<T>(
        NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The service's statement timeout is for short queries. The pool resets the setting.
        await using (var unlimited = new NpgsqlCommand("SET statement_timeout = 0", connection))
            await unlimited.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return read(reader);
    }

    private static PaymentLine ReadPayment(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetDecimal(2),
        row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4),
        row.IsDBNull(5) ? null : JsonSerializer.Deserialize(row.GetString(5), ExportJson.Default.IReadOnlyListRefundLine));

    private static EventLine ReadEvent(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetFieldValue<DateTimeOffset>(3),
        row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4));
}

/// <summary>A payment; <c>refunds</c> is absent when nothing of a paid order was refunded.</summary>
internal sealed record PaymentLine(
    Guid OrderId, string Status, decimal? Amount, string? Currency, string? ProviderReference, IReadOnlyList<RefundLine>? Refunds);

/// <summary>A refund of a paid order: <c>status</c> is pending, review, succeeded or failed.</summary>
internal sealed record RefundLine(
    Guid Id, decimal Amount, string Currency, string Status, string Source, string? Reference, DateTimeOffset UpdatedAt);

/// <summary>A webhook that contradicts the final outcome of its payment, and how.</summary>
internal sealed record WebhookLine(Guid OrderId, string EventId, string Detail);

/// <summary>An event, and since when it waits in the outbox: since its creation, or since it was republished.</summary>
internal sealed record EventLine(Guid EventId, Guid OrderId, string Type, DateTimeOffset OccurredAt, DateTimeOffset? WaitingSince);

/// <summary>A finding of the last reconciliation.</summary>
internal sealed record ReconciliationLine(string Reference, string What);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PaymentLine))]
[JsonSerializable(typeof(EventLine))]
[JsonSerializable(typeof(WebhookLine))]
[JsonSerializable(typeof(ReconciliationLine))]
internal sealed partial class ExportJson : JsonSerializerContext;
