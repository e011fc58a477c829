using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>A process of the simulated provider with its own ledger, and the calls of a client.</summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly string folder;
    private readonly KeyValuePair<string, string>[] settings;
    private ServiceProcess process = null!;

    private Gateway(string folder, KeyValuePair<string, string>[] settings) => (this.folder, this.settings) = (folder, settings);

    public string Ledger => Path.Combine(folder, "ledger.ndjson");

    public HttpClient Http { get; private set; } = null!;

    public static async Task<Gateway> StartAsync(params (string Name, string Value)[] settings)
    {
        var gateway = new Gateway(
            Directory.CreateTempSubdirectory("ordersystem-gateway-").FullName,
            [.. settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))]);
        await gateway.StartAgainAsync();
        return gateway;
    }

    public async Task StartAgainAsync()
    {
        process = await ServiceProcess.StartAsync(
            "OrderSystem.PaymentGateway",
            [KeyValuePair.Create("Ledger__Path", Ledger), KeyValuePair.Create("Ledger__CanBeCleared", "true"), .. settings]);
        Http = new HttpClient { BaseAddress = process.Address };
    }

    public Task KillAsync() => process.KillAsync();

    public Task<int> StopAsync() => process.StopAsync();

    public Task<(int ExitCode, string Output)> StartAnotherOnTheSameLedgerAsync() =>
        ServiceProcess.RunAsync("OrderSystem.PaymentGateway", [KeyValuePair.Create("Ledger__Path", Ledger)]);

    public Task<HttpResponseMessage> ChargeAsync(string key, string order = "order-1", decimal amount = 39.98m, string currency = "EUR") =>
        SendAsync("/charges", key, new { orderId = order, amount, currency });

    public Task<HttpResponseMessage> RefundAsync(string key, string charge, decimal amount) =>
        SendAsync("/refunds", key, new { chargeId = charge, amount });

    public async Task<HttpResponseMessage> SendAsync(string path, string? key, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await Http.SendAsync(request);
    }

    public async Task SetFaultsAsync(object faults)
    {
        using var response = await Http.PutAsJsonAsync("/faults", faults);
        Xunit.Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    public async Task RemoveFaultsAsync() => (await Http.DeleteAsync("/faults")).Dispose();

    /// <summary>Clears the ledger, the faults and all counters.</summary>
    public async Task ResetAsync()
    {
        await RemoveFaultsAsync();
        (await Http.DeleteAsync("/ledger")).EnsureSuccessStatusCode().Dispose();
    }

    public Task<JsonElement> ChargesOfAsync(string order) => Http.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}");

    public Task<JsonElement> SummaryAsync() => Http.GetFromJsonAsync<JsonElement>("/ledger/summary");

    public async Task<long> AttemptsAsync(string outcome) =>
        (await SummaryAsync()).GetProperty("attempts").GetProperty(outcome).GetInt64();

    public async Task<List<JsonElement>> LedgerAsync(long after = 0)
    {
        var text = await Http.GetStringAsync($"/ledger?after={after}");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

internal static class GatewayAnswers
{
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());

    public static async Task<string> TextAsync(this HttpResponseMessage response, string property) =>
        (await response.JsonAsync()).GetProperty(property).GetString()!;
}
