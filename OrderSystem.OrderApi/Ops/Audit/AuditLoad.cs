using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NpgsqlTypes;
using OrderSystem.Messaging.Connections;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Worker;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>Loads the data of the worker, the streams and the provider into the audit's tables, and records which source failed.</summary>
internal sealed class AuditLoad(AuditTables tables, INatsJSContext jetStream, HttpClient http, AuditOptions options, WorkerOptions worker)
{
    private readonly Dictionary<AuditSource, string> missing = [];

    /// <summary>Why a check that needs these sources cannot be made; null when it can.</summary>
    internal string? WhyNot(AuditSource needed) =>
        missing.Where(entry => needed.HasFlag(entry.Key)).Select(entry => entry.Value).FirstOrDefault();

    /// <summary>In this order, so that data that moves during the load is found at its destination.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await TryAsync(AuditSource.WorkerEvents, async () => await tables.FillAsync(
            AuditTables.Events,
            LinesAsync(At(worker.WorkerUrl, "WorkerUrl", "ops/audit/events"), AuditJson.Default.AuditEventLine, Row, cancellationToken),
            cancellationToken));
        await TryAsync(AuditSource.OrdersStream, () => LoadStreamAsync(Topology.Orders, cancellationToken));

        await TryAsync(AuditSource.PaymentsStream, () => LoadStreamAsync(Topology.Payments, cancellationToken));
        await TryAsync(AuditSource.Ledger, async () =>
        {
            var ledger = At(options.LedgerUrl, "LedgerUrl", "ledger");
            await tables.FillAsync(
                AuditTables.Charges, LinesAsync(ledger, AuditJson.Default.AuditLedgerLine, Charge, cancellationToken), cancellationToken);
            await tables.FillAsync(
                AuditTables.Refunds, LinesAsync(ledger, AuditJson.Default.AuditLedgerLine, Refund, cancellationToken), cancellationToken);
        });
        await TryAsync(AuditSource.Payments, async () => await tables.FillAsync(
            AuditTables.Payments,
            LinesAsync(At(worker.WorkerUrl, "WorkerUrl", "ops/audit/payments"), AuditJson.Default.AuditPaymentLine, Row, cancellationToken),
            cancellationToken));
        await TryAsync(AuditSource.Webhooks, async () => await tables.FillAsync(
            AuditTables.Webhooks,
            LinesAsync(At(worker.WorkerUrl, "WorkerUrl", "ops/audit/webhooks"), AuditJson.Default.AuditWebhookLine, Row, cancellationToken),
            cancellationToken));
        await TryAsync(AuditSource.Reconciliation, async () => await tables.FillAsync(
            AuditTables.Findings,
            LinesAsync(
                At(worker.WorkerUrl, "WorkerUrl", "ops/audit/reconciliation"), AuditJson.Default.AuditReconciliationLine, Row,
                cancellationToken),
            cancellationToken));
    }

    private async Task TryAsync(AuditSource source, Func<Task> load)
    {
        if (missing.ContainsKey(source))
            return;
        try
        {
            await load();
        }
        catch (NatsUnavailableException unavailable)
        {
            // Both streams are on the same server; a second timeout would only delay the report.
            missing[AuditSource.OrdersStream] = missing[AuditSource.PaymentsStream] = unavailable.Message;
        }
        catch (Exception failure) when (failure is OpsException or HttpRequestException or IOException or JsonException or NatsException
            or TimeoutException)
        {
            missing[source] = failure.Message;
        }
    }

    private async Task LoadStreamAsync(string stream, CancellationToken cancellationToken)
    {
        var info = (await jetStream.Connection.AskAsync(
            token => jetStream.GetStreamAsync(stream, cancellationToken: token), cancellationToken)).Info;

        // Events that the stream has already discarded cannot be checked. While its first message is there, it has discarded none.
        var since = info.State.FirstSeq <= 1 ? info.Created : DateTimeOffset.MaxValue;
        await tables.FillAsync(AuditTables.Streamed, IdsAsync(), cancellationToken);
        await tables.AddStreamAsync(stream, since, cancellationToken);

        async IAsyncEnumerable<(object?, NpgsqlDbType)[]> IdsAsync()
        {
            await foreach (var message in jetStream.ScanAsync(stream, from: 1, cancellationToken))
            {
                if (since == DateTimeOffset.MaxValue)
                    since = message.Time;
                if (message.Headers.TryGetLastValue(DeadLetterFormat.EventId, out var text)
                    && Guid.TryParse(text, CultureInfo.InvariantCulture, out var id))
                    yield return [(id, NpgsqlDbType.Uuid)];
                if (message.Sequence >= info.State.LastSeq)
                    yield break;
            }
        }
    }

    private async IAsyncEnumerable<(object?, NpgsqlDbType)[]> LinesAsync<T>(
        Uri address, JsonTypeInfo<T> type, Func<T, (object?, NpgsqlDbType)[]?> row,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var source = address.GetLeftPart(UriPartial.Path);
        await foreach (var line in WithTimeoutAsync(source, token => LinesAsync(address, type, token), cancellationToken))
        {
            if (line is not null && row(line) is { } values)
                yield return values;
        }
    }

    private async IAsyncEnumerable<T?> LinesAsync<T>(
        Uri address, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new OpsException($"{address.GetLeftPart(UriPartial.Path)} answered {(int)response.StatusCode}");
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var line in JsonSerializer.DeserializeAsyncEnumerable(body, type, topLevelValues: true, cancellationToken))
            yield return line;
    }

    /// <summary>Applies the timeout to each line: their number is unbounded, so no timeout fits the whole response.</summary>
    private async IAsyncEnumerable<T> WithTimeoutAsync<T>(
        string source, Func<CancellationToken, IAsyncEnumerable<T>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var lines = read(timeout.Token).GetAsyncEnumerator(timeout.Token);
        while (await NextAsync())
            yield return lines.Current;

        async ValueTask<bool> NextAsync()
        {
            timeout.CancelAfter(options.Timeout);
            try
            {
                return await lines.MoveNextAsync();
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new OpsException($"{source} did not respond within {options.Timeout.TotalSeconds:0} s");
            }
            finally
            {
                timeout.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }
    }

    private static Uri At(Uri? address, string setting, string path) =>
        address is null ? throw new OpsException($"Audit__{setting} is not set; set it to make this check")
        : setting == "LedgerUrl" && address.AbsolutePath != "/" ? address
        : new Uri(address, path);

    private static (object?, NpgsqlDbType)[]? Charge(AuditLedgerLine line) => line.Kind != "charge" ? null :
    [
        (line.Id, NpgsqlDbType.Text), (line.OrderId, NpgsqlDbType.Text),
        (Guid.TryParse(line.OrderId, CultureInfo.InvariantCulture, out var order) ? order : null, NpgsqlDbType.Uuid),
        (line.Amount, NpgsqlDbType.Numeric), (line.Currency, NpgsqlDbType.Text), (IsSucceeded(line), NpgsqlDbType.Boolean),
    ];

    /// <summary>A charge that the provider is still processing has not succeeded, whatever its ledger already says.</summary>
    private static bool IsSucceeded(AuditLedgerLine line) =>
        line.Status == "succeeded" && !(line.SettlesAt > TimeProvider.System.GetUtcNow());

    private static (object?, NpgsqlDbType)[]? Refund(AuditLedgerLine line) =>
        line.Kind == "refund" && line.Status == "succeeded"
            ? [(line.ChargeId, NpgsqlDbType.Text), (line.Amount, NpgsqlDbType.Numeric)]
            : null;

    private static (object?, NpgsqlDbType)[] Row(AuditPaymentLine line) =>
    [
        (line.OrderId, NpgsqlDbType.Uuid), (line.Status, NpgsqlDbType.Text), (line.Amount, NpgsqlDbType.Numeric),
        (line.Currency, NpgsqlDbType.Text), (line.ProviderReference, NpgsqlDbType.Text),
        (line.Refunds is { Count: > 0 } refunds
            ? JsonSerializer.Serialize(refunds, AuditJson.Default.IReadOnlyListAuditRefund) : null, NpgsqlDbType.Jsonb),
    ];

    private static (object?, NpgsqlDbType)[] Row(AuditWebhookLine line) =>
        [(line.OrderId, NpgsqlDbType.Uuid), (line.EventId, NpgsqlDbType.Text), (line.Detail, NpgsqlDbType.Text)];

    private static (object?, NpgsqlDbType)[] Row(AuditReconciliationLine line) =>
        [(line.Reference, NpgsqlDbType.Text), (line.What, NpgsqlDbType.Text)];

    private static (object?, NpgsqlDbType)[] Row(AuditEventLine line) =>
    [
        (line.EventId, NpgsqlDbType.Uuid), (line.OrderId, NpgsqlDbType.Uuid), (line.Type, NpgsqlDbType.Text),
        (line.OccurredAt.UtcDateTime, NpgsqlDbType.TimestampTz), (line.WaitingSince?.UtcDateTime, NpgsqlDbType.TimestampTz),
    ];
}

internal sealed record AuditLedgerLine(
    string? Kind, string? Id, string? OrderId, string? ChargeId, decimal Amount, string? Currency, string? Status,
    DateTimeOffset? SettlesAt);

internal sealed record AuditPaymentLine(
    Guid OrderId, string Status, decimal? Amount, string? Currency, string? ProviderReference, IReadOnlyList<AuditRefund>? Refunds = null);

/// <summary>A refund of a paid order, as the worker knows it: pending, review, succeeded or failed.</summary>
internal sealed record AuditRefund(Guid Id, decimal Amount, string Status, DateTimeOffset UpdatedAt);

internal sealed record AuditWebhookLine(Guid OrderId, string EventId, string Detail);

internal sealed record AuditEventLine(Guid EventId, Guid OrderId, string Type, DateTimeOffset OccurredAt, DateTimeOffset? WaitingSince);

internal sealed record AuditReconciliationLine(string Reference, string What);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AuditLedgerLine))]
[JsonSerializable(typeof(AuditPaymentLine))]
[JsonSerializable(typeof(AuditEventLine))]
[JsonSerializable(typeof(AuditWebhookLine))]
[JsonSerializable(typeof(AuditReconciliationLine))]
internal sealed partial class AuditJson : JsonSerializerContext;
