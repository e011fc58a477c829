using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops.Reconciliation;

/// <summary>A running system of its own: its findings would be findings of every audit.</summary>
public sealed class ReconciliationSystem : IAsyncLifetime
{
    internal RunningSystem System { get; private set; } = null!;

    /// <summary>An order API whose audit knows worker and ledger.</summary>
    internal ServiceProcess Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        System = await RunningSystem.StartAsync(
            new(StringComparer.Ordinal) { ["Payments__Reconciliation__Margin"] = "00:00:00" });
        Api = await System.StartServiceAsync(
            "OrderSystem.OrderApi", ("Audit__WorkerUrl", System.Worker.Address.OriginalString),
            ("Audit__LedgerUrl", System.Gateway.Address.OriginalString));
    }

    public ValueTask DisposeAsync() => System.DisposeAsync();
}

/// <summary>Reconciliation of payments and refunds with the provider's settlement report.</summary>
public sealed class ReconciliationTests(ReconciliationSystem shared) : IClassFixture<ReconciliationSystem>
{
    private const string Header = "type,reference,charge,created,currency,amount,fee\n";

    private RunningSystem System => shared.System;

    [Fact]
    public async Task The_report_of_the_provider_agrees_and_each_of_its_errors_is_found_over_HTTP_by_command_and_in_the_audit()
    {
        using var client = new Client(shared.Api.Address);
        for (var i = 0; i < 4; i++)
            await client.WaitForAsync(await client.PlaceAsync(price: 10 + i), "paid");
        await RefundAsync(client);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        var good = await SettlementAsync("http");
        var agreed = await PostAsync(System.Worker, good);
        Assert.Equal("{}", agreed.GetProperty("findings").ToString());
        Assert.True(agreed.GetProperty("charges").GetInt32() >= 6, agreed.ToString());
        Assert.Equal(1, agreed.GetProperty("refunds").GetInt32());
        Assert.True(agreed.GetProperty("fees").GetProperty("EUR").GetDecimal() > 0);
        Assert.Equal("agrees", (await AuditedAsync()).GetProperty("verdict").GetString());
        Assert.Equal(0, (await ReconcileByCommandAsync(good)).ExitCode);

        using (var gateway = new HttpClient { BaseAddress = System.Gateway.Address })
            (await gateway.PutAsJsonAsync("/faults", new { settlementErrors = true })).EnsureSuccessStatusCode();
        var bad = await SettlementAsync("http");
        using (var gateway = new HttpClient { BaseAddress = System.Gateway.Address })
            (await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative))).EnsureSuccessStatusCode();
        var (exitCode, output) = await ReconcileByCommandAsync(bad);
        Assert.True(exitCode == 1, output);
        Assert.Contains("missingThere", output, StringComparison.Ordinal);
        var differs = await PostAsync(System.Worker, bad);
        Assert.Equal(
            """{"missingHere":1,"missingThere":1,"otherAmount":1}""",
            JsonSerializer.Serialize(differs.GetProperty("findings").EnumerateObject().OrderBy(kind => kind.Name, StringComparer.Ordinal)
                .ToDictionary(kind => kind.Name, kind => kind.Value.GetInt32(), StringComparer.Ordinal)));

        var audited = await AuditedAsync();
        Assert.Equal("disagrees", audited.GetProperty("verdict").GetString());
        Assert.Equal(3, audited.GetProperty("disagreements").GetInt32());
        Assert.Contains("otherAmount, here", audited.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_kind_of_finding_is_stored_with_its_order_and_paged()
    {
        var orders = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7()).ToArray();
        await InsertAsync(orders[0], "succeeded", "k_same", 10, "EUR");
        await InsertAsync(orders[1], "succeeded", "k_amount", 10, "EUR");
        await InsertAsync(orders[2], "succeeded", "k_currency", 10, "EUR");
        await InsertAsync(orders[3], "succeeded", "k_there", 10, "EUR");
        await InsertAsync(orders[4], "declined", "k_declined", 10, "EUR");
        await InsertAsync(orders[5], "refunded", "k_refunded", 10, "EUR", "k_re");
        await InsertAsync(orders[6], "refunded", "k_found", 10, "EUR", "k_found");
        await InsertAsync(orders[7], "succeeded", "k_outside", 10, "EUR", at: "2020-01-05");

        var result = await PostAsync(System.Worker, Header + """
            charge,k_first,,2020-01-01,EUR,1,0.10
            charge,k_same,,2020-01-02,EUR,10.00,0.10
            charge,k_same,,2020-01-02,EUR,10.00,0.10
            charge,k_amount,,2020-01-02,EUR,10.01,0.10
            charge,k_currency,,2020-01-02,USD,10,0.20
            charge,k_declined,,2020-01-02,EUR,10,0.10
            charge,k_refunded,,2020-01-02,EUR,10,0.10
            refund,k_re,k_refunded,2020-01-02,EUR,-10,
            charge,k_found,,2020-01-02,EUR,10,0.10
            refund,k_re_found,k_found,2020-01-02,EUR,-10,
            refund,k_re_unknown,k_same,2020-01-03,EUR,-10,

            """);

        Assert.Equal("0.70", result.GetProperty("fees").GetProperty("EUR").GetDecimal().ToString(CultureInfo.InvariantCulture));
        Assert.Equal(0.20m, result.GetProperty("fees").GetProperty("USD").GetDecimal());
        var id = result.GetProperty("id").GetInt64();
        var found = new List<string>();
        for (long? after = 0; after is not null;)
        {
            var page = await GetAsync($"/ops/reconciliations/{id}?limit=2&after={after}");
            found.AddRange(page.GetProperty("findings").EnumerateArray().Select(Describe));
            after = page.TryGetProperty("next", out var next) ? next.GetInt64() : null;
        }

        Assert.Equal(
            [
                "duplicate charge k_same  row 4",
                "missingHere charge k_declined 4 row 7",
                "missingHere charge k_first  row 2",
                "missingHere refund k_re_unknown 0 row 12",
                "missingThere charge k_there 3 row ",
                "otherAmount charge k_amount 1 row 5",
                "otherCurrency charge k_currency 2 row 6",
            ],
            found.Order(StringComparer.Ordinal));
        var one = await GetAsync($"/ops/reconciliations/{id}?kind=otherAmount");
        Assert.Equal(10.01m, one.GetProperty("findings")[0].GetProperty("thereAmount").GetDecimal());
        Assert.Contains(
            id, (await GetAsync("/ops/reconciliations?limit=1000")).GetProperty("items").EnumerateArray()
                .Select(item => item.GetProperty("id").GetInt64()));

        string Describe(JsonElement finding) =>
            $"{Text(finding, "kind")} {Text(finding, "subject")} {Text(finding, "reference")} {IndexOf(finding)} "
            + $"row {Text(finding, "row")}";

        string IndexOf(JsonElement finding) =>
            finding.TryGetProperty("orderId", out var order) ? $"{Array.IndexOf(orders, order.GetGuid())}" : "";
    }

    [Fact]
    public async Task The_itemized_report_of_Stripe_agrees_with_the_payments_of_Stripe()
    {
        await using var worker = await System.StartServiceAsync(
            "OrderSystem.PaymentWorker", ("Payments__Provider", "stripe"), ("Payments__Stripe__ApiKey", "sk_test_1"),
            ("Payments__Stripe__Url", System.Gateway.Address.OriginalString), ("Payments__Stripe__PaymentMethod", "pm_card_visa"),
            ("Payments__Reconciliation__MaxBytes", "100000"));
        using var client = new Client(shared.Api.Address);
        await client.WaitForAsync(await client.PlaceAsync(price: 7, paymentMethod: "pm_own"), "paid");
        await client.WaitForAsync(await client.PlaceAsync(price: 700, currency: "JPY"), "paid");

        var result = await PostAsync(worker, await SettlementAsync("stripe"));

        Assert.Equal("stripe", result.GetProperty("provider").GetString());
        Assert.Equal("{}", result.GetProperty("findings").ToString());
        Assert.True(result.GetProperty("charges").GetInt32() >= 2);

        using var large = await SendAsync(worker, new StringContent(new string('x', 200_000)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Contains("MaxBytes", await large.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await worker.StopAsync();
    }

    [Fact]
    public async Task A_million_rows_are_compared_in_bounded_memory()
    {
        const int Rows = 1_000_000;
        var before = PeakOf(System.Worker);
        var result = await PostAsync(System.Worker, new PushContent(async body =>
        {
            await using var text = new StreamWriter(body, Encoding.ASCII, 64 * 1024, leaveOpen: true);
            await text.WriteAsync(Header);
            for (var i = 0; i < Rows; i++)
                await text.WriteAsync($"charge,m_{i},,2019-01-01T00:00:00Z,EUR,{i % 100}.50,0.01\n");
        }));

        Assert.Equal(Rows, result.GetProperty("findings").GetProperty("missingHere").GetInt32());
        Assert.Equal(10_000m, result.GetProperty("fees").GetProperty("EUR").GetDecimal());

        // All findings are counted; those that can be listed are bounded. The report has 50 MB, and would have 250 MB as objects.
        Assert.Equal(100_000L, await Sql.ScalarAsync<long>(
            System.PaymentsDatabase,
            $"SELECT count(*) FROM reconciliation_findings WHERE reconciliation_id = {result.GetProperty("id").GetInt64()}"));
        Assert.InRange(PeakOf(System.Worker) - before, 0, 150L << 20);
    }

    [Fact]
    public async Task What_is_no_report_is_answered_with_the_row_and_the_column_and_stores_nothing()
    {
        var count = await CountAsync();
        await RejectedAsync(HttpStatusCode.BadRequest, $"{Header}charge,a,,2026-01-31,EUR,much,0\n", "Row 2, column 'amount'");
        await RejectedAsync(HttpStatusCode.BadRequest, "a,b\n1,2\n", "Payments__Reconciliation__Columns__Type");
        await RejectedAsync(HttpStatusCode.UnsupportedMediaType, "{}", "text/csv", "application/json");
        await using (await Sql.HoldAsync(System.PaymentsDatabase, "SELECT pg_advisory_lock(hashtext('reconciliation'))"))
            await RejectedAsync(HttpStatusCode.Conflict, $"{Header}charge,a,,2026-01-31,EUR,1,0\n", "Another reconciliation is running");
        var (exitCode, output) = await ReconcileByCommandAsync("a,b\n1,2\n");
        Assert.Equal(2, exitCode);
        Assert.Contains("Payments__Reconciliation__Columns__Type", output, StringComparison.Ordinal);
        Assert.Equal(count, await CountAsync());

        using var reader = Tokens.Http(System.Worker.Address, Tokens.Of("shop", "orders.read orders.write"));
        using var forbidden = await reader.GetAsync(new Uri("/ops/reconciliations", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    [Fact]
    public async Task Refunds_and_chargebacks_of_a_paid_order_are_compared_with_their_own_rows()
    {
        var order = Guid.CreateVersion7();
        await InsertAsync(order, "succeeded", "p_charge", 100, "EUR", at: "2019-01-02");
        foreach (var (reference, source, status) in new[]
        {
            ("p_same", "request", "succeeded"), ("p_amount", "provider", "succeeded"), ("p_lost", "chargeback", "succeeded"),
            ("p_pending", "request", "pending"), ("p_there", "request", "succeeded"),
        })
        {
            await Sql.ExecuteAsync(System.PaymentsDatabase, $"""
                INSERT INTO refunds (
                    id, order_id, amount, currency, source, status, provider_reference, lease_until, created_at, updated_at)
                VALUES (gen_random_uuid(), '{order}', 4, 'EUR', '{source}', '{status}', '{reference}', now() + interval '1 day',
                    '2019-01-02', '2019-01-02')
                """);
        }

        var result = await PostAsync(System.Worker, Header + """
            charge,p_charge,,2019-01-01,EUR,100,0.10
            refund,p_same,p_charge,2019-01-02,EUR,-4,
            refund,p_amount,p_charge,2019-01-02,EUR,-5,
            chargeback,p_lost,p_charge,2019-01-02,EUR,-4,
            refund,p_pending,p_charge,2019-01-02,EUR,-4,
            chargeback,p_open,p_charge,2019-01-03,EUR,-4,

            """);

        Assert.Equal(5, result.GetProperty("refunds").GetInt32());
        var page = await GetAsync($"/ops/reconciliations/{result.GetProperty("id").GetInt64()}?limit=100");
        Assert.Equal(
            [
                "missingHere p_open: the payment is succeeded", "missingHere p_pending: the refund is pending",
                "missingThere p_there: source request", "otherAmount p_amount: ",
            ],
            page.GetProperty("findings").EnumerateArray()
                .Select(one => $"{Text(one, "kind")} {Text(one, "reference")}: {Text(one, "detail").Split(", ")[^1]}")
                .Order(StringComparer.Ordinal));
    }

    private async Task RefundAsync(Client client)
    {
        using var gateway = new HttpClient { BaseAddress = System.Gateway.Address };
        (await gateway.PutAsJsonAsync("/faults", new { latency = "00:00:02" })).EnsureSuccessStatusCode();
        var order = await client.PlaceAsync(price: 3);
        await Eventually.BeTrueAsync("the charge is in flight", async () =>
            await Sql.ScalarAsync<long>(System.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{order}'") == 1);
        (await client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), content: null)).EnsureSuccessStatusCode();
        await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative));
        await Eventually.BeTrueAsync("the charge is refunded", async () =>
            await Sql.ScalarAsync<string>(System.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{order}'")
                == "refunded", TimeSpan.FromSeconds(60));
    }

    private Task InsertAsync(
        Guid order, string status, string reference, decimal amount, string currency, string? refund = null, string at = "2020-01-02") =>
        Sql.ExecuteAsync(System.PaymentsDatabase, string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO payments (
                order_id, id, amount, currency, status, attempts, lease_until, provider_reference, refund_reference, created_at, updated_at)
            VALUES ('{order}', gen_random_uuid(), {amount}, '{currency}', '{status}', 1, now(), '{reference}',
                {(refund is null ? "NULL" : $"'{refund}'")}, '{at}', '{at}')
            """));

    private async Task<string> SettlementAsync(string format)
    {
        using var gateway = new HttpClient { BaseAddress = System.Gateway.Address };
        return await gateway.GetStringAsync(new Uri($"/settlement.csv?format={format}", UriKind.Relative));
    }

    /// <summary>The check of the reconciliation alone: other tests insert payments without orders.</summary>
    private async Task<JsonElement> AuditedAsync()
    {
        using var http = Tokens.Http(shared.Api.Address);
        var report = await http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0");
        return report.GetProperty("checks").EnumerateArray().Single(
            check => Text(check, "check").StartsWith("the last reconciliation", StringComparison.Ordinal));
    }

    private async Task<(int ExitCode, string Output)> ReconcileByCommandAsync(string report)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, report);
            return await ServiceProcess.RunAsync(
                "OrderSystem.PaymentWorker", System.Environment("OrderSystem.PaymentWorker"), "payments", "reconcile", "--file", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task<JsonElement> PostAsync(ServiceProcess worker, string report) => PostAsync(worker, new StringContent(report));

    private static async Task<JsonElement> PostAsync(ServiceProcess worker, HttpContent report)
    {
        using var response = await SendAsync(worker, report);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<HttpResponseMessage> SendAsync(ServiceProcess worker, HttpContent report, string mediaType = "text/csv")
    {
        using var http = Tokens.Http(worker.Address);
        http.Timeout = TimeSpan.FromMinutes(5);
        report.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return await http.PostAsync("/ops/reconciliations", report);
    }

    private async Task RejectedAsync(HttpStatusCode expected, string report, string why, string mediaType = "text/csv")
    {
        using var response = await SendAsync(System.Worker, new StringContent(report), mediaType);
        Assert.Equal(expected, response.StatusCode);
        Assert.Contains(why, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<long> CountAsync() => Sql.ScalarAsync<long>(System.PaymentsDatabase, "SELECT count(*) FROM reconciliations");

    private async Task<JsonElement> GetAsync(string path)
    {
        using var http = Tokens.Http(System.Worker.Address);
        return await http.GetFromJsonAsync<JsonElement>(path);
    }

    private static string Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) ? value.ToString() : "";

    /// <summary>The largest working set so far, in bytes.</summary>
    private static long PeakOf(ServiceProcess service)
    {
        var line = File.ReadLines($"/proc/{service.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture);
    }

    /// <summary>A body that is written while it is sent.</summary>
    private sealed class PushContent(Func<Stream, Task> write) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
