using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>A database that is there, and does not do what it is asked: locked, read-only, changed below the statements that are prepared for it.</summary>
public sealed class DatabaseStateTests
{
    [Theory]
    [InlineData("payments", 2, 70)]
    [InlineData("orders", 30, 20)]
    public async Task F33_A_locked_table_costs_time_and_makes_no_dead_letter(string table, int orders, int seconds)
    {
        await using var system = await FaultSystem.StartAsync(workers: 2);

        // Two messages suspend nothing and are delivered every few seconds: more often than a failing message may be.
        var load = system.Load.RunAsync(new(orders, PerSecond: 10));
        await Eventually.BeTrueAsync("an order is accepted", () => Task.FromResult(system.Load.History.Accepted.Any()));
        await using (await Sql.HoldAsync(table == "orders" ? system.OrdersDatabase : system.PaymentsDatabase, $"LOCK TABLE {table}"))
            await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
        await load;

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, snapshot.DeadLetters);
    }

    [Fact]
    public async Task A_payment_that_somebody_holds_locked_holds_up_no_other()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.SetProviderAsync(new { errorRate = 1.0 });
        var held = (await system.Load.PlaceAsync()).OrderId!.Value;
        await Eventually.BeTrueAsync("its payment is there", async () => await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments") == 1);
        await using (await Sql.HoldAsync(system.PaymentsDatabase, $"SELECT * FROM payments WHERE order_id = '{held}' FOR UPDATE"))
        {
            await system.SetProviderAsync(null);
            await system.Load.RunAsync(new(Orders: 60, PerSecond: 30));
            await Eventually.BeTrueAsync(
                "all others are paid", async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM orders WHERE status = 'paid'") == 60, TimeSpan.FromSeconds(20));
            Assert.Equal("pending", await Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT status FROM orders WHERE id = '{held}'"));
        }

        Assert.Equal(0, (await system.AuditAsync()).DeadLetters);
    }

    [Fact]
    public async Task F34_A_database_that_takes_no_writes_makes_its_services_unready_until_it_does()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders: 5, PerSecond: 20));
        using var client = new Client(system.Apis[0].Address);

        // Sessions that begin from now on take no writes, and go on taking none when the database does again: they have to leave the pool.
        await Sql.ExecuteAsync(system.Postgres.ConnectionString("postgres"), "ALTER DATABASE orders SET default_transaction_read_only = on");
        await Sql.ExecuteAsync(system.Postgres.ConnectionString("postgres"), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'orders'");
        foreach (var probe in new[] { "/ready", "/health" })
            await Eventually.BeTrueAsync($"{probe} is 503", async () => await StatusAsync(client, probe) == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(10));
        await Eventually.BeTrueAsync("POST is 503", async () => await PlaceAsync(client) is (HttpStatusCode.ServiceUnavailable, _));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), await PlaceAsync(client));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/orders"));
        }

        await Sql.ExecuteAsync(system.Postgres.ConnectionString("postgres"), "ALTER DATABASE orders RESET default_transaction_read_only");
        Assert.Equal((HttpStatusCode.Created, false), await PlaceAsync(client));
        foreach (var probe in new[] { "/ready", "/health" })
            await Eventually.BeTrueAsync($"{probe} is 200", async () => await StatusAsync(client, probe) == HttpStatusCode.OK, TimeSpan.FromSeconds(10));
        await Eventually.BeTrueAsync("every order is paid", async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM orders WHERE status = 'paid'") == 6);
    }

    [Fact]
    public async Task A_column_whose_type_changes_below_prepared_statements_is_no_error_to_anybody()
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

        await Sql.ExecuteAsync(system.OrdersDatabase, "ALTER TABLE orders ALTER COLUMN currency TYPE varchar(16), ALTER COLUMN customer_id TYPE varchar(400)");
        await Sql.ExecuteAsync(system.PaymentsDatabase, "ALTER TABLE payments ALTER COLUMN currency TYPE varchar(16), ALTER COLUMN status TYPE varchar(40)");

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

    private static async Task<(HttpStatusCode Status, bool SaysWhen)> PlaceAsync(Client client)
    {
        using var body = new StringContent("""{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":1,"unitPrice":5}]}""", mediaType: new("application/json"));
        using var answer = await client.Http.PostAsync(new Uri("/orders", UriKind.Relative), body);
        return (answer.StatusCode, answer.Headers.RetryAfter is not null);
    }
}
