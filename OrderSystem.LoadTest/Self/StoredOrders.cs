namespace OrderSystem.LoadTest.Self;

/// <summary>Writes paid orders directly into both databases, with all rows of an order, to measure with large tables.</summary>
internal static class StoredOrders
{
    private const int Chunk = 500_000;

    // The defaults of Idempotency__Retention and Retention__Inbox.
    private const string WithKey = "at > now() - interval '72 hours'";
    private const string InInbox = "at > now() - interval '8 days'";

    /// <summary>
    /// Spreads the orders evenly over 30 days, oldest first. Idempotency keys and inbox rows only within their retention.
    /// </summary>
    internal static async Task WriteAsync(PostgresServer postgres, int count, CancellationToken cancellationToken)
    {
        for (var first = 0; first < count; first += Chunk)
        {
            var chunk = Math.Min(Chunk, count - first);
            var values = "SET synchronous_commit = off; SET max_parallel_workers_per_gather = 0; "
                + $"CREATE TEMP TABLE placed ON COMMIT DROP AS {Placed(first, chunk, count, "30 days", "o")};";
            await postgres.ExecuteAsync($"BEGIN; {values} {Orders} COMMIT", cancellationToken, "orders");
            await postgres.ExecuteAsync($"BEGIN; {values} {Payments} COMMIT", cancellationToken, "payments");
            await Console.Out.WriteLineAsync($"  {first + chunk} orders stored");
        }

        foreach (var database in (string[])["orders", "payments"])
            await postgres.ExecuteAsync("VACUUM ANALYZE", cancellationToken, database);
        await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
    }

    /// <summary>Events of orders of the last hour that no relay has published.</summary>
    internal static string Waiting(int count) =>
        $"""
        TRUNCATE outbox;
        CREATE TEMP TABLE placed AS {Placed(0, count, count, "1 hour", "w")};
        {Events}
        INSERT INTO outbox (order_id, version, available_at) SELECT id, 1, at FROM placed;
        """;

    /// <summary>With version 7 UUIDs, which begin with the time, so that newer rows are further back in every index.</summary>
    private static string Placed(int first, int count, int all, string over, string seed) =>
        $"""
        SELECT at,
            (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
                || '7' || substr(md5('{seed}' || n), 1, 3) || '8' || substr(md5('{seed}' || n), 4, 15))::uuid AS id,
            md5('{seed}e' || n)::uuid AS created, md5('{seed}p' || n)::uuid AS outcome, n
        FROM (
            SELECT n, now() - interval '{over}' * (1 - n / {all}.0) - interval '1 minute' AS at
            FROM generate_series({first}, {first + count - 1}) n) numbered
        """;

    private const string Items =
        """[{"sku":"SKU-1","quantity":1,"unitPrice":19.99},{"sku":"SKU-2","quantity":1,"unitPrice":19.99},"""
        + """{"sku":"SKU-3","quantity":1,"unitPrice":19.99}]""";

    private const string Body =
        """convert_to('{"orderId":"' || id || '","customerId":"c-' || n % 100000 || '","currency":"EUR","total":59.97,"items":"""
        + Items + """}', 'UTF8')""";

    private const string Events =
        $$"""
        INSERT INTO events (order_id, version, event_id, type, payload, traceparent, occurred_at)
        SELECT id, 1, created, 'orders.created.v1', {{Body}}, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', at FROM placed;
        """;

    private const string Orders =
        $$"""
        INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at)
        SELECT id, 'c-' || n % 100000, 'EUR', 59.97, '{{Items}}', 'paid', at, at FROM placed;
        {{Events}}
        INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, created_at)
        SELECT 'stored', 'key-' || n, decode(md5('' || n) || md5('' || n), 'hex'), id, at FROM placed WHERE {{WithKey}};
        INSERT INTO inbox (event_id, received_at) SELECT outcome, at FROM placed WHERE {{InInbox}};
        """;

    private const string Payments =
        $$"""
        INSERT INTO payments (
            order_id, id, amount, currency, provider_key, status, attempts, lease_until, provider_reference, events,
            created_at, updated_at, first_attempt_at)
        SELECT id, outcome, 59.97, 'EUR', created, 'succeeded', 1, at, 'ch_' || n, 1, at, at, at FROM placed;
        INSERT INTO events (order_id, version, event_id, type, payload, traceparent, occurred_at)
        SELECT id, 1, outcome, 'payments.succeeded.v1',
            convert_to('{"orderId":"' || id || '","paymentId":"' || outcome || '","amount":59.97,"currency":"EUR","providerReference":"ch_'
                || n || '"}', 'UTF8'),
            '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', at
        FROM placed;
        INSERT INTO inbox (event_id, received_at) SELECT created, at FROM placed WHERE {{InInbox}};
        """;
}
