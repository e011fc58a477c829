using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>Cancellation races with charging; in either order of events, the provider's charges match the status of the order.</summary>
public sealed class CancelTests
{
    [Fact]
    public async Task A_cancelled_order_is_not_charged_or_its_charge_is_refunded_once()
    {
        await using var system = await RunningSystem.StartAsync(
            new() { ["Payments__AttemptTimeout"] = "00:00:02", ["Payments__TotalTimeout"] = "00:00:05" });
        using var client = new Client(system.OrderApi.Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };

        // The provider is slow enough for cancellations to arrive before, during and after the charge.
        using var slow = await gateway.PutAsJsonAsync("/faults", new { latency = "00:00:00.150", jitter = "00:00:00.300" });
        slow.EnsureSuccessStatusCode();
        var orders = await Task.WhenAll(Enumerable.Range(0, 120).Select(async i =>
        {
            var order = await client.PlaceAsync();
            if (i % 3 == 0)
                return (Order: order, Answer: (HttpStatusCode?)null);
            await Task.Delay(TimeSpan.FromMilliseconds(i * 11 % 900), TimeProvider.System);
            using var answer = await client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null);
            return (order, answer.StatusCode);
        }));

        foreach (var (order, answer) in orders)
        {
            var final = await Eventually.GetAsync(
                $"order {order} has a final status", () => client.GetAsync(order),
                read => read.GetProperty("status").GetString() != "pending", TimeSpan.FromSeconds(60));
            var expected = answer == HttpStatusCode.Accepted ? "cancelled" : "paid";
            Assert.Equal(expected, final.GetProperty("status").GetString());
            var (charges, _) = await Eventually.GetAsync(
                $"the charges of order {order} match its status {expected}",
                async () => (
                    Charges: (await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}"))
                        .EnumerateArray().Select(charge => charge.ToString()).ToArray(),
                    Payment: string.Join(' ', await Sql.RowAsync(
                        system.PaymentsDatabase, $"SELECT payments::text FROM payments WHERE order_id = '{order}'"))),
                answer => answer.Charges.Length <= 1
                    && answer.Charges.All(charge =>
                        charge.Contains("refundedAt\":\"", StringComparison.Ordinal) == (expected == "cancelled")),
                TimeSpan.FromSeconds(60));
            Assert.True(expected == "cancelled" || charges.Length == 1);
        }

        Assert.Contains(orders, order => order.Answer == HttpStatusCode.Accepted);
        await Eventually.BeTrueAsync("no payment is open", async () =>
            await Sql.ScalarAsync<long>(
                system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status IN ('charging', 'unknown', 'refunding')") == 0);
        Assert.Equal(
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'refunded'"),
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM events WHERE type = 'payments.refunded.v1'"));
    }

    [Fact]
    public async Task Cancelling_is_idempotent_and_a_rejected_cancel_says_why()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        var paid = await client.PlaceAsync();
        await client.WaitForAsync(paid, "paid");

        using var refused = await client.Http.PostAsync(new Uri($"/orders/{paid}/cancel", UriKind.Relative), null);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Conflict, "paid"), (refused.StatusCode, problem.GetProperty("status").GetString()));
        using var unknown = await client.Http.PostAsync(new Uri($"/orders/{Guid.NewGuid()}/cancel", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var bad = await client.Http.PostAsJsonAsync($"/orders/{paid}/cancel", new { reason = "a\u0000b" });
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);

        await system.Nats.KillAsync();
        var order = await client.PlaceAsync();
        for (var i = 0; i < 3; i++)
        {
            using var accepted = await client.Http.PostAsJsonAsync($"/orders/{order}/cancel", new { reason = "changed my mind" });
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        }

        var cancelled = await client.GetAsync(order);
        Assert.Equal(
            ("cancelled", "changed my mind"), (cancelled.GetProperty("status").GetString(), cancelled.GetProperty("reason").GetString()));
        Assert.Equal(2L, await Sql.ScalarAsync<long>(system.OrdersDatabase, $"SELECT count(*) FROM events WHERE order_id = '{order}'"));
        await system.Nats.StartAgainAsync();
        await Eventually.BeTrueAsync(
            "the worker has processed the cancellation",
            async () => await Sql.ScalarAsync<long>(
                system.PaymentsDatabase,
                $"SELECT count(*) FROM payments WHERE order_id = '{order}' AND status IN ('cancelled', 'refunded')") == 1,
            TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_cancel_that_loses_the_race_gets_409_with_the_current_status()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        using var slow = await gateway.PutAsJsonAsync("/faults", new { latency = "00:00:10" });
        slow.EnsureSuccessStatusCode();
        var order = await client.PlaceAsync();

        await using var connection = new NpgsqlConnection(system.OrdersDatabase + ";Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var update = new NpgsqlCommand(
            $"UPDATE orders SET status = 'manualReview' WHERE id = '{order}' AND status = 'pending'",
            connection, transaction);
        Assert.Equal(1, await update.ExecuteNonQueryAsync());
        var cancel = client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null);
        await Eventually.BeTrueAsync(
            "the cancellation waits for the other transaction",
            async () => await Sql.ScalarAsync<long>(
                system.OrdersDatabase,
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'orders'") > 0);
        await transaction.CommitAsync();

        using var answer = await cancel;
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains(
            "The order is manualReview and cannot be cancelled.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
