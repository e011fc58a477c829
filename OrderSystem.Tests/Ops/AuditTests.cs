using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.ServiceDefaults.Http;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

/// <summary>A dedicated system, because the test breaks one invariant after another for the audit to find.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private RunningSystem system = null!;
    private Client client = null!;

    public async ValueTask InitializeAsync()
    {
        system = await RunningSystem.StartAsync();
        client = new Client(system.OrderApi.Address);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await system.DisposeAsync();
    }

    [Fact]
    public async Task The_audit_reports_each_check_as_agrees_disagrees_or_notChecked()
    {
        using (var faults = new HttpClient { BaseAddress = system.Gateway.Address })
            (await faults.PutAsJsonAsync("/faults", new { declineAbove = 500 })).EnsureSuccessStatusCode();
        var orders = new List<Guid>();
        for (var i = 0; i < 7; i++)
            orders.Add(await client.PlaceAsync(price: 10 + i));
        foreach (var order in orders)
            await client.WaitForAsync(order, "paid");
        await client.WaitForAsync(await client.PlaceAsync(price: 400), "paymentFailed");
        await OutboxesEmptyAsync();

        var (exitCode, clean) = await AuditAsync();
        Assert.True(exitCode == 0, clean.ToString());
        Assert.Equal(8, clean.GetProperty("orders").GetInt64());

        await UnconfiguredSourcesAreNotCheckedAsync();
        await UnreachableSourcesAreNotCheckedAsync();
        await AHangingLedgerIsReportedAsync();
        await TheEndpointReportsTheSameAsync();
        await EveryKindOfDisagreementIsFoundAsync(orders);
        await WithoutNatsTheStreamsAreNotCheckedAsync();
    }

    private async Task UnconfiguredSourcesAreNotCheckedAsync()
    {
        var (exitCode, report) = await AuditAsync(worker: null, ledger: null);
        Assert.Equal(2, exitCode);
        Assert.Equal("notChecked", Find(report, "I3", "charged more than once").GetProperty("verdict").GetString());
        Assert.Contains(
            "Audit__LedgerUrl is not set",
            Find(report, "I3", "charged more than once").GetProperty("why").GetString(),
            StringComparison.Ordinal);
        Assert.Equal("agrees", Find(report, "I5", "final status").GetProperty("verdict").GetString());
    }

    private async Task UnreachableSourcesAreNotCheckedAsync()
    {
        var (exitCode, report) = await AuditAsync(worker: "http://127.0.0.1:1", ledger: $"{system.Gateway.Address}nothing-here");
        Assert.Equal(2, exitCode);
        Assert.Equal("notChecked", Find(report, "I4", "every payment").GetProperty("verdict").GetString());
        Assert.Contains(
            "answered 404", Find(report, "I3", "charged more than once").GetProperty("why").GetString(), StringComparison.Ordinal);
    }

    /// <summary>
    /// The ledger sends more than an HTTP client buffers and then hangs. The audit reads the response as a stream and reports the timeout.
    /// </summary>
    private async Task AHangingLedgerIsReportedAsync()
    {
        await using var ledger = new ScriptedServer(_ =>
            ScriptedServer.HeadAndSilence.Replace("1000", "1000000000", StringComparison.Ordinal)
            + new string('\n', ResponseBuffer.MaxBytes + 1));
        var configured = await system.StartServiceAsync(
            "OrderSystem.OrderApi", ("Audit__LedgerUrl", ledger.Address.OriginalString), ("Audit__Timeout", "00:00:01"));
        using var http = Tokens.Http(configured.Address);

        var report = await http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0");

        Assert.Contains(
            "did not respond within 1 s", Find(report, "I3", "charged more than once").GetProperty("why").GetString(),
            StringComparison.Ordinal);
    }

    private async Task TheEndpointReportsTheSameAsync()
    {
        var configured = await system.StartServiceAsync(
            "OrderSystem.OrderApi", ("Audit__WorkerUrl", system.Worker.Address.OriginalString),
            ("Audit__LedgerUrl", system.Gateway.Address.OriginalString));
        using var http = Tokens.Http(configured.Address);
        Assert.Equal("agrees", (await http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0")).GetProperty("verdict").GetString());
        foreach (var invalid in new[] { "x", "-1", "NaN", "1e300", "2.00:00:00", "" })
            Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync($"/ops/audit?grace={invalid}")).StatusCode);
    }

    private async Task EveryKindOfDisagreementIsFoundAsync(List<Guid> orders)
    {
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        await ChargeAsync(gateway, orders[0], 20);
        var unknownOrder = Guid.NewGuid();
        await ChargeAsync(gateway, unknownOrder, 5);
        await Sql.ExecuteAsync(system.OrdersDatabase, $"UPDATE orders SET status = 'cancelled' WHERE id = '{orders[1]}'");
        await Sql.ExecuteAsync(system.OrdersDatabase, $"UPDATE orders SET status = 'pending' WHERE id = '{orders[2]}'");
        await Sql.ExecuteAsync(system.OrdersDatabase, $"UPDATE orders SET status = 'manualReview' WHERE id = '{orders[6]}'");
        await Sql.ExecuteAsync(system.PaymentsDatabase, $"UPDATE payments SET amount = 1 WHERE order_id = '{orders[3]}'");
        await Sql.ExecuteAsync(system.OrdersDatabase, $"DELETE FROM orders WHERE id = '{orders[4]}'");
        await Sql.ExecuteAsync(system.OrdersDatabase, $"UPDATE events SET event_id = gen_random_uuid() WHERE order_id = '{orders[5]}'");
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            "INSERT INTO outbox (order_id, version, available_at, parked_at) "
                + $"SELECT order_id, version, now(), now() FROM events WHERE order_id = '{orders[5]}'");

        await InsertRefundAsync(orders[3], "succeeded", 1_000);
        await InsertRefundAsync(orders[5], "pending", 1);
        await Sql.ExecuteAsync(system.OrdersDatabase, $"UPDATE orders SET refund_pending = 1 WHERE id = '{orders[5]}'");

        var (exitCode, report) = await AuditAsync();

        Assert.Equal(1, exitCode);
        AssertFound(report, "I1", "every event", orders[4]);
        AssertFound(report, "I2", "every event of the order API", orders[5]);
        AssertFound(report, "I2", "the outbox of the payment worker", orders[5]);
        AssertFound(report, "I3", "charged more than once", orders[0]);
        AssertFound(report, "I4", "every charge belongs", unknownOrder, orders[4]);
        AssertFound(report, "I4", "every payment", orders[3], orders[4]);
        AssertFound(report, "I4", "knows every charge", orders[0]);
        AssertFound(report, "I5", "final status", orders[2]);
        AssertFound(report, "I5", "provider's ledger", orders[0], orders[1], orders[3]);
        AssertFound(report, "I5", "every requested refund", orders[5]);
        AssertFound(report, "I5", "add up to its refunded total", orders[3]);
        AssertFound(report, "I5", "refunded more than its total", orders[3]);
        AssertFound(report, "I5", "agree with those of its payment", orders[3]);
        AssertFound(report, "I5", "agrees with its payment", orders[1]);
        AssertFound(report, "I5", "payment in review", orders[6]);

        var (_, young) = await AuditAsync(grace: "3600");
        Assert.Equal("agrees", Find(young, "I5", "final status").GetProperty("verdict").GetString());
        Assert.Equal("agrees", Find(young, "I5", "every requested refund").GetProperty("verdict").GetString());
    }

    private Task InsertRefundAsync(Guid order, string status, decimal amount) => Sql.ExecuteAsync(
        system.OrdersDatabase,
        $"""
        INSERT INTO refunds (id, order_id, amount, currency, source, status, created_at, updated_at)
            VALUES (gen_random_uuid(), '{order}', {amount}, 'EUR', 'request', '{status}', now(), now())
        """);

    private async Task WithoutNatsTheStreamsAreNotCheckedAsync()
    {
        await system.Nats.KillAsync();
        await Eventually.GetAsync(
            "dead letters are unavailable",
            async () => await client.Http.GetAsync("/ops/dead-letters"), answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable);

        var report = await client.Http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0");
        Assert.Equal("notChecked", Find(report, "I2", "every event of the order API").GetProperty("verdict").GetString());
        Assert.Equal("disagrees", Find(report, "I1", "every event").GetProperty("verdict").GetString());
    }

    private static async Task ChargeAsync(HttpClient gateway, Guid order, decimal amount)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/charges")
        {
            Content = JsonContent.Create(new { orderId = order, amount, currency = "EUR" }),
        };
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        (await gateway.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private static void AssertFound(JsonElement report, string invariant, string check, params Guid[] orders)
    {
        var finding = Find(report, invariant, check);
        Assert.Equal("disagrees", finding.GetProperty("verdict").GetString());
        Assert.Equal(
            orders.Select(order => order.ToString()).Order(),
            finding.GetProperty("examples").EnumerateArray().Select(example => example.GetProperty("subject").GetString()).Order());
    }

    private static JsonElement Find(JsonElement report, string invariant, string check) => Assert.Single(
        report.GetProperty("checks").EnumerateArray(),
        finding => finding.GetProperty("invariant").GetString() == invariant
            && finding.GetProperty("check").GetString()!.Contains(check, StringComparison.Ordinal));

    private Task<(int ExitCode, JsonElement Report)> AuditAsync(string grace = "0") =>
        AuditAsync(system.Worker.Address.OriginalString, system.Gateway.Address.OriginalString, grace);

    private async Task<(int ExitCode, JsonElement Report)> AuditAsync(string? worker, string? ledger, string grace = "0")
    {
        var environment = system.Environment();
        if (worker is not null)
            environment["Audit__WorkerUrl"] = worker;
        if (ledger is not null)
            environment["Audit__LedgerUrl"] = ledger;
        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", environment, "audit", "--json", "--grace", grace);
        return (exitCode, Parse(output));
    }

    private static JsonElement Parse(string output) =>
        output.StartsWith('{') ? JsonDocument.Parse(output).RootElement : throw new Xunit.Sdk.XunitException(output);

    private Task OutboxesEmptyAsync() => Eventually.BeTrueAsync(
        "both outboxes are empty",
        async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox")
            + await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM outbox") == 0);
}
