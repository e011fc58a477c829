using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Rate and concurrency limits per client and per instance: requests over a limit are rejected at once with Retry-After.</summary>
public sealed class ClientLimitTests(SharedSystem shared)
{
    private const string Api = "OrderSystem.OrderApi";
    private readonly string unknownOrder = $"/orders/{Guid.NewGuid()}";

    [Fact]
    public async Task A_client_over_its_rate_limit_gets_429_and_other_clients_do_not()
    {
        await using var api = await (await shared.StartedAsync()).StartServiceAsync(
            Api, ("Limits__ClientRate", "1"), ("Limits__ClientBurst", "10"));
        using var greedy = new Client(api.Address, Tokens.Of("greedy"));
        using var modest = new Client(api.Address, Tokens.Of("modest"));

        // The upper bound allows for a slow machine: every second refills one request.
        Assert.InRange(await CountServedAsync(greedy), 10, 60);
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(modest, unknownOrder));
        for (var i = 0; i < 50; i++)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(greedy.Http, "/alive", bringsToken: false));
        await Eventually.BeTrueAsync(
            "the client is served again",
            async () => await StatusAsync(greedy, unknownOrder) == HttpStatusCode.NotFound,
            TimeSpan.FromSeconds(10));
        await api.StopAsync();
    }

    [Fact]
    public async Task Concurrent_requests_are_limited_per_client_with_429_and_per_instance_with_503()
    {
        await using var api = await (await shared.StartedAsync()).StartServiceAsync(
            Api, ("Limits__Requests", "4"), ("Limits__RequestsPerClient", "2"));
        using var slow = new Client(api.Address, Tokens.Of("slow"));
        using var other = new Client(api.Address, Tokens.Of("other"));

        // Bodies that never end, but whose first part arrives fast enough for the minimum data rate.
        var holding = new List<RawConnection>();
        await HoldAsync("slow");
        await HoldAsync("slow");
        await AssertRejectedAsync(slow, HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(other, unknownOrder));

        await HoldAsync("another");
        await HoldAsync("another");
        await AssertRejectedAsync(other, HttpStatusCode.ServiceUnavailable);
        foreach (var probe in new[] { "/health", "/ready", "/alive" })
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(other, probe));

        holding.ForEach(connection => connection.Dispose());
        await Eventually.BeTrueAsync(
            "a request slot is free again",
            async () => await StatusAsync(other, unknownOrder) == HttpStatusCode.NotFound,
            TimeSpan.FromSeconds(10));
        await api.StopAsync();

        async Task HoldAsync(string client)
        {
            var connection = await RawConnection.OpenAsync(api.Address);
            holding.Add(connection);
            await connection.BeginPostAsync(Tokens.Of(client), 50_000, "Expect: 100-continue\r\n");
            Assert.Equal("HTTP/1.1 100 Continue", await connection.ReadLineAsync());
            await connection.SendAsync(new string(' ', 40_000));
        }
    }

    private static Task<HttpStatusCode> StatusAsync(Client client, string path) => StatusAsync(client.Http, path, bringsToken: true);

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path, bool bringsToken)
    {
        using var anonymous = new HttpClient { BaseAddress = http.BaseAddress };
        using var answer = await (bringsToken ? http : anonymous).GetAsync(path);
        return answer.StatusCode;
    }

    /// <summary>Sends requests until one is rejected, and returns how many were served.</summary>
    private async Task<int> CountServedAsync(Client client)
    {
        for (var served = 0; served < 1_000; served++)
        {
            using var answer = await client.Http.GetAsync(unknownOrder);
            if (answer.StatusCode != HttpStatusCode.NotFound)
            {
                await AssertRejectedAsync(answer, HttpStatusCode.TooManyRequests);
                return served;
            }
        }

        throw new Xunit.Sdk.XunitException("A thousand requests in a row were served.");
    }

    private async Task AssertRejectedAsync(Client client, HttpStatusCode expected)
    {
        using var answer = await client.Http.GetAsync(unknownOrder);
        await AssertRejectedAsync(answer, expected);
    }

    private static async Task AssertRejectedAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        Assert.Equal(expected, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains(
            "Nothing was done", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }
}
