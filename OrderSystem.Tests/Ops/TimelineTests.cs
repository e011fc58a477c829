using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

public sealed class TimelineTests(SharedSystem shared)
{
    [Fact]
    public async Task A_timeline_merges_the_steps_of_both_services_with_their_trace()
    {
        var system = await shared.StartedAsync();
        using var client = await StartAsync(system, system.Worker.Address.OriginalString);
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        var timeline = await client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");

        Assert.Equal("paid", timeline.GetProperty("status").GetString());
        Assert.Equal(0, timeline.GetProperty("missing").GetArrayLength());
        var steps = timeline.GetProperty("steps").EnumerateArray().ToList();
        var said = steps.ConvertAll(step => step.GetProperty("what").GetString()!);
        string[] expected =
        [
            "order placed", "orders.created.v1 committed", "payment began", "provider called: charge", "payment succeeded",
            "payments.succeeded.v1 committed", "orders.created.v1 took effect",
            "payments.succeeded.v1 took effect", "order is paid",
        ];
        Assert.Equal(expected.Order(), said.Order());
        Assert.Equal("order placed", said[0]);
        Assert.Equal("order is paid", said[^1]);
        Assert.Single(steps.Select(step => step.GetProperty("traceId").GetString()).Distinct());
        var payment = steps.Single(step => step.GetProperty("what").GetString() == "payment succeeded");
        Assert.StartsWith("ch_", payment.GetProperty("providerReference").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, payment.GetProperty("attempts").GetInt32());
        var call = steps.Single(step => step.GetProperty("what").GetString() == "provider called: charge");
        Assert.StartsWith("200 after", call.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(payment.GetProperty("providerReference").GetString(), call.GetProperty("providerReference").GetString());
    }

    [Fact]
    public async Task A_timeline_lists_each_call_to_the_provider()
    {
        await using var system = await RunningSystem.StartAsync(
            new() { ["Payments__AttemptTimeout"] = "00:00:01", ["Payments__Breaker__MinimumCalls"] = "1000" });
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        using var client = await StartAsync(system, system.Worker.Address.OriginalString);
        await SetAsync(provider, new { hangRate = 1.0 });
        var order = await client.PlaceAsync();
        await Eventually.BeTrueAsync("a call hung", async () => await AttemptsAsync(provider, "hung") > 0);
        await SetAsync(provider, new { errorRate = 1.0 });
        await Eventually.BeTrueAsync("a call failed", async () => await AttemptsAsync(provider, "error") > 0);
        await SetAsync(provider, new { });
        await client.WaitForAsync(order, "paid");

        var timeline = await client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");

        var calls = timeline.GetProperty("steps").EnumerateArray()
            .Where(step => step.GetProperty("what").GetString() == "provider called: charge").ToList();
        Assert.StartsWith("no response in time after", calls[0].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(calls, call => call.GetProperty("detail").GetString()!.StartsWith("500 after", StringComparison.Ordinal));
        Assert.StartsWith("200 after", calls[^1].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("ch_", calls[^1].GetProperty("providerReference").GetString(), StringComparison.Ordinal);
        Assert.All(calls, call => Assert.Equal(
            timeline.GetProperty("steps")[0].GetProperty("traceId").GetString(), call.GetProperty("traceId").GetString()));
        Assert.Equal(await AttemptsAsync(provider, "hung") + await AttemptsAsync(provider, "error") + 1, calls.Count);
    }

    [Theory]
    [InlineData(null, "not set")]
    [InlineData("http://127.0.0.1:1", "could not be asked")]
    public async Task An_unreachable_worker_is_reported_as_missing_from_the_timeline(string? worker, string why)
    {
        var system = await shared.StartedAsync();
        using var client = await StartAsync(system, worker);
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        var timeline = await client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");

        Assert.Contains(why, Assert.Single(timeline.GetProperty("missing").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.Contains(timeline.GetProperty("steps").EnumerateArray(), step => step.GetProperty("what").GetString() == "order is paid");
    }

    [Fact]
    public async Task The_timeline_of_an_unknown_order_is_404()
    {
        var system = await shared.StartedAsync();
        using var client = new Client(system.OrderApi.Address);
        using var answer = await client.Http.GetAsync($"/orders/{Guid.NewGuid()}/timeline");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static async Task SetAsync(HttpClient provider, object faults)
    {
        using var answer = await provider.PutAsJsonAsync("/faults", faults);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<long> AttemptsAsync(HttpClient provider, string outcome) =>
        (await provider.GetFromJsonAsync<JsonElement>("/ledger/summary")).GetProperty("attempts").GetProperty(outcome).GetInt64();

    private static async Task<Client> StartAsync(RunningSystem system, string? worker)
    {
        (string, string)[] settings = worker is null ? [] : [("Audit__WorkerUrl", worker)];
        return new Client((await system.StartServiceAsync("OrderSystem.OrderApi", settings)).Address);
    }
}
