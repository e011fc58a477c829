using System.Net.Http.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>The payments database is restored to a time before a charge, and then the order's events are delivered again.</summary>
public sealed class RestoreFaultTests
{
    private const string LosePayments = "TRUNCATE payments, inbox, events, outbox, deliveries, consumer_positions";
    private const int Orders = 6;

    public enum Redelivery
    {
        Redrive,
        StalledOrder,
        ConsumerRecreated,
    }

    [Theory]
    [InlineData(Redelivery.Redrive)]
    [InlineData(Redelivery.StalledOrder)]
    [InlineData(Redelivery.ConsumerRecreated)]
    public async Task F39_Orders_that_were_paid_before_a_restore_are_not_charged_again(Redelivery redelivery)
    {
        await using var system = await FaultSystem.StartAsync(settings: [("Sweeper__After", "00:00:03")]);
        await system.Load.RunAsync(new(Orders, PerSecond: 20));
        await system.AuditAsync();
        var before = await PaymentsAsync(system);

        await system.StopAsync(system.Workers[0]);
        await Sql.ExecuteAsync(system.PaymentsDatabase, LosePayments);
        if (redelivery == Redelivery.StalledOrder)
            await Sql.ExecuteAsync(system.OrdersDatabase, "UPDATE orders SET status = 'pending'");
        if (redelivery == Redelivery.ConsumerRecreated)
            await DeleteConsumerAsync(system);
        await system.StartWorkerAsync();
        if (redelivery == Redelivery.Redrive)
            await RedriveAsync(system);

        await Eventually.GetAsync(
            "every payment is as before the restore", () => PaymentsAsync(system), after => after == before, TimeSpan.FromSeconds(60));
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        Assert.Equal(Orders, (await provider.GetStringAsync("/ledger")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await Eventually.BeTrueAsync("every order is paid",
            async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM orders WHERE status = 'paid'") == Orders);

        // An original event is charged again under the same key, which has no effect. A republished event is looked up.
        var calls = await Sql.ScalarAsync<string>(
            system.PaymentsDatabase, "SELECT string_agg(DISTINCT calls -> 0 ->> 'kind', ',') FROM payments");
        Assert.Equal(redelivery == Redelivery.ConsumerRecreated ? "charge" : "look-up", calls);
    }

    /// <summary>The position of the consumer is restored with the inbox, so that exactly the forgotten events are delivered.</summary>
    [Fact]
    public async Task F39_A_consumer_deleted_after_a_restore_delivers_again_what_the_database_has_forgotten()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders, PerSecond: 20));
        await system.AuditAsync();
        await Eventually.BeTrueAsync(
            "the position is kept", async () => await Sql.ScalarAsync<long>(
                system.PaymentsDatabase, $"SELECT count(*) FROM consumer_positions WHERE ack_floor = {Orders}") == 1);
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            "CREATE TABLE backup AS SELECT event_id FROM inbox; CREATE TABLE positions_backup AS TABLE consumer_positions; "
                + "CREATE TABLE orders_backup AS SELECT order_id FROM payments");
        await system.Load.RunAsync(new(Orders, PerSecond: 20));
        await system.AuditAsync();
        var before = await PaymentsAsync(system);

        await system.StopAsync(system.Workers[0]);
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            "DELETE FROM inbox WHERE event_id NOT IN (TABLE backup); DELETE FROM events WHERE order_id NOT IN (TABLE orders_backup); "
                + "DELETE FROM payments WHERE order_id NOT IN (TABLE orders_backup); "
                + "DELETE FROM consumer_positions; INSERT INTO consumer_positions TABLE positions_backup");
        await DeleteConsumerAsync(system);
        var worker = await system.StartWorkerAsync();

        await Eventually.GetAsync(
            "every payment is as before the restore", () => PaymentsAsync(system), after => after == before, TimeSpan.FromSeconds(60));
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        Assert.Equal(2 * Orders, (await provider.GetStringAsync("/ledger")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains($"it continues after sequence {Orders}", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task F39_A_charge_under_a_lost_key_is_looked_up_and_not_repeated()
    {
        await using var system = await FaultSystem.StartAsync();
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await system.AuditAsync();
        await system.StopAsync(system.Workers[0]);

        // As if the charge had been made under another key: a second call would be a second charge.
        system.Script = new(() => system.Gateway.Address)
        {
            Script = request => request.IsCharge ? ScriptedResponse.Of(200, """{"id":"ch_second","status":"succeeded"}""") : null,
        };
        await Sql.ExecuteAsync(system.PaymentsDatabase, LosePayments);
        await system.StartWorkerAsync();

        await RedriveAsync(system);

        await Eventually.BeTrueAsync("the charge is found", async () =>
            await Sql.ScalarAsync<long>(
                system.PaymentsDatabase,
                $"SELECT count(*) FROM payments WHERE order_id = '{order}' AND status = 'succeeded' AND in_doubt") == 1);
        Assert.Equal(["look-up"], system.Script!.Requests.Select(request => request.IsLookUp ? "look-up" : "call"));
    }

    [Fact]
    public async Task F39_A_cancelled_order_whose_payment_row_was_lost_is_refunded()
    {
        await using var system = await FaultSystem.StartAsync();
        using var client = new Client(system.ApiAddresses[0]);
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await system.AuditAsync();

        // The order is pending again, so that it can be cancelled, and the worker has no record of the charge.
        await Sql.ExecuteAsync(system.PaymentsDatabase, LosePayments);
        await Sql.ExecuteAsync(system.OrdersDatabase, "UPDATE orders SET status = 'pending'");
        (await client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null)).EnsureSuccessStatusCode().Dispose();

        await Eventually.BeTrueAsync(
            "the charge is refunded",
            async () => await Sql.ScalarAsync<long>(
                system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{order}' AND status = 'refunded'") == 1,
            TimeSpan.FromSeconds(60));
        var answer = await Eventually.GetAsync("the order shows its refund", () => client.GetAsync(order),
            read => read.TryGetProperty("refund", out var refund) && refund.GetProperty("state").GetString() == "refunded");
        Assert.Equal("cancelled", answer.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(true, "succeeded")]
    [InlineData(false, "review")]
    public async Task A_payment_older_than_its_provider_key_is_looked_up_and_not_charged_again(bool wasCharged, string expected)
    {
        await using var system = await FaultSystem.StartAsync();
        system.Script = new(() => system.Gateway.Address) { Script = request => request.IsCharge ? ScriptedResponse.Silence : null };
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await Eventually.BeTrueAsync("the outcome of the charge is unknown", async () =>
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'unknown'") == 1);
        await system.StopAsync(system.Workers[0]);
        if (wasCharged)
            await ChargeAsync(system, order);
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            "UPDATE payments SET attempts = 1, first_attempt_at = now() - interval '21 hours', "
                + "lease_until = now() - interval '20 hours', updated_at = lease_until");
        var charges = system.Script.Requests.Count(request => request.IsCharge);

        await system.StartWorkerAsync();

        await Eventually.BeTrueAsync($"the payment is {expected}",
            async () => await Sql.ScalarAsync<string>(system.PaymentsDatabase, "SELECT status FROM payments") == expected);
        Assert.Equal(charges, system.Script.Requests.Count(request => request.IsCharge));
    }

    private static Task<string> PaymentsAsync(FaultSystem system) => Sql.ScalarAsync<string>(
        system.PaymentsDatabase,
        "SELECT coalesce(string_agg("
            + "concat_ws(' ', order_id, status, amount, currency, provider_key, provider_reference), ';' ORDER BY order_id), '') "
            + "FROM payments");

    private static async Task RedriveAsync(FaultSystem system)
    {
        using var client = new Client(system.ApiAddresses[0]);
        client.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
        using var answer = await client.Http.PostAsync(
            $"/ops/redrive?since={TimeProvider.System.GetUtcNow().AddHours(-1):yyyy-MM-ddTHH:mm:ssZ}", content: null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Makes the charge that the worker gave up waiting for.</summary>
    private static async Task ChargeAsync(FaultSystem system, Guid order)
    {
        var row = await Sql.RowAsync(
            system.PaymentsDatabase, $"SELECT amount, currency, provider_key::text FROM payments WHERE order_id = '{order}'");
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/charges")
        {
            Content = JsonContent.Create(new { orderId = order, amount = row[0], currency = row[1] }),
        };
        request.Headers.Add("Idempotency-Key", (string)row[2]!);
        (await provider.SendAsync(request)).EnsureSuccessStatusCode().Dispose();
    }

    private static async Task DeleteConsumerAsync(FaultSystem system)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        await new NatsJSContext(nats).DeleteConsumerAsync("ORDERS", "ORDER_PROCESSOR");
    }
}
