using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.Tests.Support;

/// <summary>Reads both databases, the streams and the provider's ledger directly, without the proxies.</summary>
internal sealed class AuditReader(FaultSystem system)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>Waits until no work is in progress. A timeout names the work that is left.</summary>
    internal async Task WaitUntilIdleAsync(TimeSpan within)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = system.NatsUrl });
        var jetStream = new NatsJSContext(nats);
        await Eventually.GetAsync($"the system is idle (FAULT_SEED={system.Dice.Seed}; {system.Load.History})",
            () => InProgressAsync(jetStream), found => found.Length == 0, within);
    }

    /// <summary>
    /// The state of the idle system. Events of cancelled orders are republished even then and pass through the outbox: a snapshot with such
    /// an event is taken again. An event that stays in the outbox is in every snapshot, and the rules report it.
    /// </summary>
    internal async Task<AuditSnapshot> ReadAsync()
    {
        const int Times = 10;
        for (var time = 1; ; time++)
        {
            var snapshot = await ReadOnceAsync();
            if (time == Times || (snapshot.OrderApi.Outbox.Count == 0 && snapshot.Worker.Outbox.Count == 0))
                return snapshot;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private async Task<AuditSnapshot> ReadOnceAsync()
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = system.NatsUrl });
        var jetStream = new NatsJSContext(nats);
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        var summary = await provider.GetFromJsonAsync<JsonElement>("/ledger/summary");
        return new()
        {
            Orders = await RowsAsync(system.OrdersDatabase, 
                """
                SELECT id, customer_id, total, currency, status,
                    coalesce((SELECT sum(amount) FROM refunds WHERE order_id = o.id AND status = 'succeeded' AND source <> 'chargeback'), 0)
                FROM orders o
                """,
                row => new AuditOrder(
                    row.GetGuid(0), row.GetString(1), row.GetDecimal(2), row.GetString(3), row.GetString(4), row.GetDecimal(5))),
            OrderApi = await ServiceAsync("order-api", system.OrdersDatabase, jetStream, "ORDERS"),
            Worker = await ServiceAsync("payment-worker", system.PaymentsDatabase, jetStream, "PAYMENTS"),
            // A cancellation that arrived before its order has created a payment without amount and key.
            Payments = await RowsAsync(
                system.PaymentsDatabase,
                "SELECT order_id, coalesce(amount, 0), coalesce(currency, ''), coalesce(provider_key, gen_random_uuid()), "
                    + "status, provider_reference FROM payments",
                row => new AuditPayment(
                    row.GetGuid(0), row.GetDecimal(1), row.GetString(2), row.GetGuid(3), row.GetString(4),
                    row.IsDBNull(5) ? null : row.GetString(5))),
            Ledger = [.. (await provider.GetStringAsync("/ledger")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<AuditLedgerLine>(line, Web)!)],
            ChargedTwice = [.. summary.GetProperty("ordersChargedTwice").EnumerateArray().Select(order => order.GetString()!)],
            Attempts = summary.GetProperty("attempts").EnumerateObject()
                .ToDictionary(pair => pair.Name, pair => pair.Value.GetInt64(), StringComparer.Ordinal),
            DeadLetters = (await jetStream.GetStreamAsync("DEAD_LETTERS")).Info.State.Messages,
        };
    }

    private async Task<string> InProgressAsync(NatsJSContext jetStream)
    {
        var found = new List<string>();
        await CountAsync(
            system.OrdersDatabase,
            "SELECT count(*), (SELECT id::text FROM orders WHERE status = 'pending' LIMIT 1) FROM orders WHERE status = 'pending'",
            "orders are pending");
        await CountAsync(system.OrdersDatabase, "SELECT count(*), max(last_error) FROM outbox", "events wait in the outbox of orders");
        await CountAsync(system.PaymentsDatabase, "SELECT count(*), max(last_error) FROM outbox", "events wait in the outbox of payments");
        await CountAsync(
            system.PaymentsDatabase,
            "SELECT count(*), max(status) FROM payments WHERE status IN ('charging', 'unknown', 'processing', 'refunding')",
            "payments are open");
        await CountAsync(
            system.OrdersDatabase, "SELECT count(*), min(id::text) FROM refunds WHERE status = 'pending'", "refunds are pending");
        foreach (var (stream, name) in new[] { ("ORDERS", "ORDER_PROCESSOR"), ("PAYMENTS", "PAYMENT_RESULTS") })
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            var info = (await jetStream.GetConsumerAsync(stream, name, deadline.Token)).Info;
            if (info.NumPending > 0 || info.NumAckPending > 0)
                found.Add($"{name} has {info.NumPending} messages pending and {info.NumAckPending} unacknowledged");
        }

        return string.Join("; ", found);

        async Task CountAsync(string database, string sql, string what)
        {
            var row = await Sql.RowAsync(database, sql);
            if (row[0] is long and > 0)
                found.Add($"{row[0]} {what} ({row[1]})");
        }
    }

    private static async Task<AuditService> ServiceAsync(string name, string database, NatsJSContext jetStream, string stream) => new(name)
    {
        Events = await RowsAsync(
            database,
            "SELECT order_id, version, event_id, type FROM events",
            row => new AuditEvent(row.GetGuid(0), row.GetInt32(1), row.GetGuid(2), row.GetString(3))),
        Outbox = await RowsAsync(
            database,
            "SELECT order_id, version, last_error FROM outbox",
            row => new AuditOutboxRow(row.GetGuid(0), row.GetInt32(1), row.IsDBNull(2) ? null : row.GetString(2))),
        Inbox = (await RowsAsync(database, "SELECT event_id FROM inbox", row => row.GetGuid(0))).ToHashSet(),
        Stream = await MessagesAsync(jetStream, stream),
    };

    private static async Task<List<AuditMessage>> MessagesAsync(NatsJSContext jetStream, string stream)
    {
        var messages = new List<AuditMessage>();
        await foreach (var message in jetStream.ScanAsync(stream, from: 1))
            messages.Add(new(
                message.Sequence, message.Subject, Header(message, "Nats-Msg-Id"), Guid.Parse(Header(message, "ce-id")!),
                Guid.Parse(Header(message, "ce-subject")!),
                int.Parse(Header(message, "ce-orderversion")!, CultureInfo.InvariantCulture)));
        return messages;
    }

    private static string? Header(StreamMessage message, string name) =>
        message.Headers.TryGetLastValue(name, out var value) ? value : null;

    private static async Task<List<T>> RowsAsync<T>(string database, string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }
}
