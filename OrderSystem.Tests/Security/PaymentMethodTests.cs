using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Npgsql;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Orders with a payment method of their own, with Stripe as the provider and without a common method.</summary>
public sealed class PaymentMethodTests : IAsyncLifetime
{
    private const string Insufficient = "pm_card_chargeDeclinedInsufficientFunds";

    private readonly string mark = $"pm_marked{Guid.NewGuid():N}";
    private readonly List<(string Where, string Text)> seen = [];
    private OtlpCollector collector = null!;
    private FaultSystem system = null!;
    private Client client = null!;

    public async ValueTask InitializeAsync()
    {
        collector = await OtlpCollector.StartAsync();
        system = await FaultSystem.StartAsync(settings:
        [
            .. collector.Settings.Select(setting => (setting.Key, setting.Value)),
            ("Payments__Provider", "stripe"), ("Payments__Stripe__ApiKey", "sk_test_marked"), ("Logging__LogLevel__Default", "Debug"),
        ]);
        client = new(system.ApiAddresses[0]);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await system.DisposeAsync();
        await collector.DisposeAsync();
    }

    [Fact]
    public async Task Each_order_is_charged_by_its_own_method_which_is_shown_nowhere_and_deleted_at_the_end()
    {
        var paid = await client.PlaceAsync(paymentMethod: mark);
        var declined = await client.PlaceAsync(paymentMethod: Insufficient);
        var without = await client.PlaceAsync();
        await client.WaitForAsync(paid, "paid");
        Assert.Equal(
            "insufficient_funds", (await client.WaitForAsync(declined, "paymentFailed")).GetProperty("reason").GetString());
        Assert.Contains(
            "no payment method", (await client.WaitForAsync(without, "manualReview")).GetProperty("reason").GetString(),
            StringComparison.Ordinal);

        // A charge that is in flight when its order is cancelled, and a repeated request.
        system.Provider.Freeze();
        var cancelled = await client.PlaceAsync(paymentMethod: mark);
        await Eventually.BeTrueAsync("the charge is in flight", async () =>
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{cancelled}'") == 1);
        (await client.Http.PostAsync(new Uri($"/orders/{cancelled}/cancel", UriKind.Relative), content: null)).EnsureSuccessStatusCode();
        system.Provider.Thaw();
        await Eventually.BeTrueAsync("the charge is refunded, or was not made", async () =>
            await Sql.ScalarAsync<string>(system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{cancelled}'")
                is "refunded" or "cancelled", TimeSpan.FromSeconds(60));
        await RepeatAsync();
        await RefuseAsync("4242 4242 4242 4242", "token");
        await RefuseAsync($"{mark} ", "visible");

        await system.WaitUntilIdleAsync();
        await CollectAsync(paid, cancelled);
        Assert.True(collector.Received.Count > 10, "Hardly any telemetry arrived.");
        foreach (var (where, text) in seen)
        {
            Assert.False(text.Contains(mark, StringComparison.Ordinal), $"The payment method is in {where}.");
            Assert.False(text.Contains("4242 4242", StringComparison.Ordinal), $"The number of a card is in {where}.");
        }
    }

    [Fact]
    public async Task Without_the_order_API_an_order_waits_uncharged_holds_up_no_other_and_is_paid_later()
    {
        system.WorkerApi.Refuses = true;
        system.WorkerApi.CutAll();
        var waiting = await client.PlaceAsync(paymentMethod: mark);
        await Eventually.BeTrueAsync("its payment waits in the database", async () =>
            await Sql.ScalarAsync<long>(
                system.PaymentsDatabase,
                $"SELECT count(*) FROM payments WHERE order_id = '{waiting}' AND reason LIKE 'the order API%' AND attempts = 0") == 1);
        await client.WaitForAsync(await client.PlaceAsync(), "manualReview");
        Assert.Equal(0L, await LedgerCountAsync());
        Assert.Equal("pending", (await client.GetAsync(waiting)).GetProperty("status").GetString());

        // The worker that has the message dies meanwhile.
        await system.KillAsync(system.Workers[0]);
        system.WorkerApi.Refuses = false;
        await system.StartWorkerAsync();

        await client.WaitForAsync(waiting, "paid", TimeSpan.FromSeconds(90));
        Assert.Equal(1L, await LedgerCountAsync());
    }

    /// <summary>The key is bound to the payment method, and no answer shows it, not even to its client.</summary>
    private async Task RepeatAsync()
    {
        var key = Guid.NewGuid().ToString();
        foreach (var (method, expected) in new[]
        {
            (mark, HttpStatusCode.Created), (mark, HttpStatusCode.Created), ($"{mark}2", HttpStatusCode.UnprocessableEntity),
            (null, HttpStatusCode.UnprocessableEntity),
        })
        {
            using var response = await PostAsync(method, key);
            Assert.Equal(expected, response.StatusCode);
            seen.Add(($"the answer {expected}", await response.Content.ReadAsStringAsync()));
        }
    }

    private async Task RefuseAsync(string method, string why)
    {
        using var response = await PostAsync(method, key: null);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(why, answer.GetProperty("errors").GetProperty("paymentMethod")[0].GetString(), StringComparison.Ordinal);
        seen.Add(("the rejection", answer.ToString()));
    }

    private async Task<HttpResponseMessage> PostAsync(string? method, string? key)
    {
        var body = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["customerId"] = "c-17",
            ["currency"] = "EUR",
            ["items"] = new[] { new { sku = "SKU-1", quantity = 1, unitPrice = 5 } },
        };
        if (method is not null)
            body["paymentMethod"] = method;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await client.Http.SendAsync(request);
    }

    private async Task<long> LedgerCountAsync()
    {
        using var http = new HttpClient { BaseAddress = system.Gateway.Address };
        return (await http.GetStringAsync(new Uri("/ledger", UriKind.Relative))).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    /// <summary>Answers, both databases, the streams on disk, telemetry, and the logs after the end.</summary>
    private async Task CollectAsync(params Guid[] orders)
    {
        var worker = Tokens.Http(system.Workers[0].Address);
        foreach (var order in orders)
        {
            foreach (var path in new[] { $"/orders/{order}", $"/orders/{order}/timeline" })
                seen.Add((path, await client.Http.GetStringAsync(new Uri(path, UriKind.Relative))));
            seen.Add(("/ops/payments", await worker.GetStringAsync(new Uri($"/ops/payments/{order}", UriKind.Relative))));
        }

        seen.Add(("/ops/audit/payments", await worker.GetStringAsync(new Uri("/ops/audit/payments", UriKind.Relative))));
        foreach (var database in new[] { system.OrdersDatabase, system.PaymentsDatabase })
            await CollectTablesAsync(database);
        var streams = Directory.EnumerateFiles(system.Nats.Store, "*", SearchOption.AllDirectories).ToArray();
        Assert.NotEmpty(streams);
        foreach (var file in streams)
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(open, Encoding.Latin1);
            seen.Add((file, await reader.ReadToEndAsync()));
        }

        foreach (var service in system.AllInstances)
        {
            await service.StopAsync();
            seen.Add(($"the log of {service.Id}", service.Output));
        }

        seen.AddRange(collector.Received.Select(body => ("telemetry", Encoding.UTF8.GetString(body))));
    }

    private async Task CollectTablesAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", connection))
        await using (var row = await list.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
                tables.Add(row.GetString(0));
        }

        Assert.Contains("events", tables);
        foreach (var table in tables)
        {
            // Bytes as they are written, so that an event's body is text.
            await using var all = new NpgsqlCommand(
                $"SELECT coalesce(string_agg(encode(convert_to(t::text, 'UTF8'), 'escape'), E'\\n'), '') FROM {table} t", connection);
            seen.Add(($"table {table}", (string)(await all.ExecuteScalarAsync())!));
            if (table == "events")
            {
                await using var events = new NpgsqlCommand(
                    "SELECT string_agg(convert_from(payload, 'UTF8'), E'\\n') FROM events", connection);
                seen.Add(("the events", (string)(await events.ExecuteScalarAsync())!));
            }
        }
    }
}
