using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Ops.Payments;
using OrderSystem.PaymentWorker.Webhooks;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>Webhooks in the inbox, the oldest first.</summary>
internal sealed record WebhookList(
    IReadOnlyList<ListedWebhook> Items,
    [property: Description("Number of matching webhooks, including those beyond the limit.")] long Total);

internal sealed record ListedWebhook(
    string Provider, string EventId, string Type, string State, string? Detail,
    [property: Description("Whether it contradicts the final outcome of its payment.")] bool Contradicts,
    Guid? OrderId, string Claim, string? Reference, decimal? Amount, string? Currency, string? Reason,
    DateTimeOffset ReceivedAt, int Attempts);

/// <summary>
/// <c>GET /ops/webhooks?state=&amp;limit=</c>, <c>POST /ops/webhooks/{provider}/{eventId}/replay</c>, which tries a dead webhook again, and
/// <c>DELETE /ops/webhooks/{provider}/{eventId}</c>, which discards it.
/// </summary>
internal static class WebhookOperations
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 1_000;

    internal static void MapWebhookOperations(this IEndpointRouteBuilder ops)
    {
        var webhooks = ops.MapGroup("/webhooks");
        webhooks.MapGet("/", ListAsync);
        webhooks.MapPost("/{provider}/{eventId}/replay", ReplayAsync);
        webhooks.MapDelete("/{provider}/{eventId}", DiscardAsync);
    }

    private static async Task<IResult> ListAsync(
        string? state, string? limit, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (state is not null && !WebhookStates.Names.Contains(state))
            errors["state"] = [$"must be one of {string.Join(", ", WebhookStates.Names)}"];
        var size = PageLimit.Read(limit, DefaultLimit, MaxLimit, errors);
        return errors.Count > 0
            ? TypedResults.ValidationProblem(errors)
            : TypedResults.Json(
                await ReadAsync(database, state ?? WebhookState.Dead.ToName(), size, cancellationToken), WebhookJson.Default.WebhookList);
    }

    /// <summary>The state is a literal in the SQL, so that PostgreSQL can use the partial index of each.</summary>
    private static async Task<WebhookList> ReadAsync(
        NpgsqlDataSource database, string state, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT provider, event_id, type, state, detail, contradicts, order_id, claim, reference, amount, currency, reason, received_at,
                attempts, count(*) OVER ()
            FROM webhook_events WHERE state = '{state}' ORDER BY received_at, id LIMIT $1
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var (items, total) = (new List<ListedWebhook>(), 0L);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            items.Add(Read(row));
            total = row.GetInt64(14);
        }

        return new(items, total);
    }

    private static async Task<IResult> ReplayAsync(
        string provider, string eventId, HttpRequest http, NpgsqlDataSource database, ApplyWebhooks webhooks,
        CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        var answer = await ChangeAsync(
            database, (provider, eventId), "state = 'waiting', due_at = now(), attempts = 0, contradicts = false",
            OperatorAction.ReplayWebhook, by, cancellationToken);
        webhooks.PollNow();
        return answer;
    }

    private static async Task<IResult> DiscardAsync(
        string provider, string eventId, HttpRequest http, NpgsqlDataSource database, CancellationToken cancellationToken) =>
        Operator.TryRead(http, out var by)
            ? await ChangeAsync(
                database, (provider, eventId), "state = 'ignored', detail = 'discarded by an operator: ' || detail, contradicts = false",
                OperatorAction.DiscardWebhook, by, cancellationToken)
            : Operator.BadNote();

    /// <summary>Only a dead webhook is changed; the action is recorded in the same transaction.</summary>
    private static async Task<IResult> ChangeAsync(
        NpgsqlDataSource database, (string Provider, string EventId) webhook, string change, string action, Operator by,
        CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            $"UPDATE webhook_events SET {change} WHERE id = $1 AND state = 'dead' RETURNING order_id", connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = WebhookEvent.IdOf(webhook.Provider, webhook.EventId) } },
        };
        var order = await command.ExecuteScalarAsync(cancellationToken);
        if (order is null)
        {
            return TypedResults.Problem(
                "There is no dead webhook of that provider with this event id; GET /ops/webhooks lists them.",
                statusCode: StatusCodes.Status404NotFound);
        }

        await OperatorAction.AddAsync(
            connection, order as Guid?, action, by, $"webhook {webhook.EventId} of {webhook.Provider}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static ListedWebhook Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), Text(row, 4), row.GetBoolean(5),
        row.IsDBNull(6) ? null : row.GetGuid(6), row.GetString(7), Text(row, 8), row.IsDBNull(9) ? null : row.GetDecimal(9),
        Text(row, 10), Text(row, 11), row.GetFieldValue<DateTimeOffset>(12), row.GetInt32(13));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookList))]
internal sealed partial class WebhookJson : JsonSerializerContext;
