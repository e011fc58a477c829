using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>What one client, and all of them together, may ask of an instance: what is beyond is refused at once and says when to come back.</summary>
public sealed class ClientLimitTests(SharedSystem shared)
{
    private const string Api = "OrderSystem.OrderApi";
    private readonly string nowhere = $"/orders/{Guid.NewGuid()}";

    [Fact]
    public async Task A_client_that_asks_too_often_gets_429_and_nobody_else_does()
    {
        await using var api = await (await shared.StartedAsync()).StartServiceAsync(Api, ("Limits__ClientRate", "1"), ("Limits__ClientBurst", "10"));
        using var greedy = new Client(api.Address, Tokens.Of("greedy"));
        using var modest = new Client(api.Address, Tokens.Of("modest"));

        // However slow the machine is: a second's token buys one request more.
        Assert.InRange(await CountServedAsync(greedy), 10, 60);
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(modest, nowhere));
        for (var i = 0; i < 50; i++)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(greedy.Http, "/alive", bringsToken: false));
        await Eventually.BeTrueAsync("it is served again", async () => await StatusAsync(greedy, nowhere) == HttpStatusCode.NotFound, TimeSpan.FromSeconds(10));
        await api.StopAsync();
    }

    [Fact]
    public async Task Requests_under_way_are_bounded_for_a_client_with_429_and_for_all_with_503()
    {
        await using var api = await (await shared.StartedAsync()).StartServiceAsync(Api, ("Limits__Requests", "4"), ("Limits__RequestsPerClient", "2"));
        using var slow = new Client(api.Address, Tokens.Of("slow"));
        using var other = new Client(api.Address, Tokens.Of("other"));

        // Bodies that never end, but begin fast enough to be waited for.
        var holding = new List<RawConnection>();
        await HoldAsync("slow");
        await HoldAsync("slow");
        await AssertRefusedAsync(slow, HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(other, nowhere));

        await HoldAsync("another");
        await HoldAsync("another");
        await AssertRefusedAsync(other, HttpStatusCode.ServiceUnavailable);
        foreach (var probe in new[] { "/health", "/ready", "/alive" })
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(other, probe));

        holding.ForEach(connection => connection.Dispose());
        await Eventually.BeTrueAsync("there is room again", async () => await StatusAsync(other, nowhere) == HttpStatusCode.NotFound, TimeSpan.FromSeconds(10));
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

    /// <summary>Asks until it is refused.</summary>
    private async Task<int> CountServedAsync(Client client)
    {
        for (var served = 0; served < 1_000; served++)
        {
            using var answer = await client.Http.GetAsync(nowhere);
            if (answer.StatusCode != HttpStatusCode.NotFound)
            {
                await AssertRefusedAsync(answer, HttpStatusCode.TooManyRequests);
                return served;
            }
        }

        throw new Xunit.Sdk.XunitException("A thousand requests in a row were served.");
    }

    private async Task AssertRefusedAsync(Client client, HttpStatusCode expected)
    {
        using var answer = await client.Http.GetAsync(nowhere);
        await AssertRefusedAsync(answer, expected);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        Assert.Equal(expected, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("Nothing was done", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
