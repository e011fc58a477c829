using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>
/// A reachable database that does not work as usual: locked tables, read-only mode, a schema change under prepared statements.
/// </summary>
public sealed class DatabaseStateTests
{
    [Theory]
    [InlineData("payments", 2, 70)]
    [InlineData("orders", 30, 20)]
    public async Task F33_A_locked_table_delays_messages_and_causes_no_dead_letter(string table, int orders, int seconds)
    {
        await using var system = await FaultSystem.StartAsync(workers: 2);

        // Two messages are too few to suspend the consumer. They are redelivered
        // every few seconds, more often than a failing message may be.
        var load = system.Load.RunAsync(new(orders, PerSecond: 10));
        await Eventually.BeTrueAsync("an order is accepted", () => Task.FromResult(system.Load.History.Accepted.Any()));
        await using (await Sql.HoldAsync(table == "orders" ? system.OrdersDatabase : system.PaymentsDatabase, $"LOCK TABLE {table}"))
            await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
        await load;

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, snapshot.DeadLetters);
    }

    [Fact]
    public async Task A_locked_payment_row_delays_no_other_payment()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.SetProviderAsync(new { errorRate = 1.0 });
        var held = (await system.Load.PlaceAsync()).OrderId!.Value;
        await Eventually.BeTrueAsync("the payment row exists",
            async () => await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments") == 1);
        await using (await Sql.HoldAsync(system.PaymentsDatabase, $"SELECT * FROM payments WHERE order_id = '{held}' FOR UPDATE"))
        {
            await system.SetProviderAsync(null);
            await system.Load.RunAsync(new(Orders: 60, PerSecond: 30));
            await Eventually.BeTrueAsync(
                "all others are paid",
                async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM orders WHERE status = 'paid'") == 60,
                TimeSpan.FromSeconds(20));
            Assert.Equal("pending", await Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT status FROM orders WHERE id = '{held}'"));
        }

        Assert.Equal(0, (await system.AuditAsync()).DeadLetters);
    }

    [Fact]
    public async Task F34_A_read_only_database_makes_the_order_API_unready_until_it_accepts_writes_again()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders: 5, PerSecond: 20));
        using var client = new Client(system.Apis[0].Address);

        // Sessions that start from now on are read-only and stay so when the database accepts writes again: they must leave the pool.
        await Sql.ExecuteAsync(
            system.Postgres.ConnectionString("postgres"), "ALTER DATABASE orders SET default_transaction_read_only = on");
        await Sql.ExecuteAsync(system.Postgres.ConnectionString("postgres"),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'orders'");
        foreach (var probe in new[] { "/ready", "/health" })
            await Eventually.BeTrueAsync($"{probe} is 503",
                async () => await StatusAsync(client, probe) == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(10));
        await Eventually.BeTrueAsync("POST is 503", async () => await PlaceAsync(client) is (HttpStatusCode.ServiceUnavailable, _));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), await PlaceAsync(client));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/orders"));
        }

        await Sql.ExecuteAsync(system.Postgres.ConnectionString("postgres"), "ALTER DATABASE orders RESET default_transaction_read_only");
        Assert.Equal((HttpStatusCode.Created, false), await PlaceAsync(client));
        foreach (var probe in new[] { "/ready", "/health" })
            await Eventually.BeTrueAsync(
                $"{probe} is 200", async () => await StatusAsync(client, probe) == HttpStatusCode.OK, TimeSpan.FromSeconds(10));
        await Eventually.BeTrueAsync("every order is paid",
            async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM orders WHERE status = 'paid'") == 6);
    }

    [Fact]
    public async Task A_column_type_change_under_prepared_statements_causes_no_error()
    {
        await using var system = await FaultSystem.StartAsync();
        using var client = new Client(system.Apis[0].Address);
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");
        for (var i = 0; i < 40; i++)
        {
            await client.GetAsync(order);
            await client.PlaceAsync();
        }

        await Sql.ExecuteAsync(
            system.OrdersDatabase, "ALTER TABLE orders ALTER COLUMN currency TYPE varchar(16), ALTER COLUMN customer_id TYPE varchar(400)");
        await Sql.ExecuteAsync(
            system.PaymentsDatabase, "ALTER TABLE payments ALTER COLUMN currency TYPE varchar(16), ALTER COLUMN status TYPE varchar(40)");

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("paid", (await client.GetAsync(order)).GetProperty("status").GetString());
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/orders"));
            Assert.Equal((HttpStatusCode.Created, false), await PlaceAsync(client));
        }

        Assert.Equal(0, (await system.AuditAsync()).DeadLetters);
    }

    private static async Task<HttpStatusCode> StatusAsync(Client client, string path)
    {
        using var answer = await client.Http.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    private static async Task<(HttpStatusCode Status, bool HasRetryAfter)> PlaceAsync(Client client)
    {
        using var body = new StringContent(
            """{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":1,"unitPrice":5}]}""",
            mediaType: new("application/json"));
        using var answer = await client.Http.PostAsync(new Uri("/orders", UriKind.Relative), body);
        return (answer.StatusCode, answer.Headers.RetryAfter is not null);
    }
}
