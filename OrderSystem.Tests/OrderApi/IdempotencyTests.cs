using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>H1, H2 and H3: invalid idempotency keys, another request under a known key, and concurrent requests with one key.</summary>
public sealed class IdempotencyTests(SharedSystem shared) : IAsyncLifetime
{
    private const string Good = """{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":2,"unitPrice":19.99}]}""";

    private RunningSystem system = null!;

    private HttpClient Api { get; } =
        Tokens.Http(address: null, handler: new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });

    public async ValueTask InitializeAsync()
    {
        system = await shared.StartedAsync();
        Api.BaseAddress = system.OrderApi.Address;
    }

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_repeated_request_gets_the_original_response_even_after_the_order_is_paid()
    {
        var key = NewKey();
        using var first = await PostAsync(Good, key);
        var answer = await first.Content.ReadAsStringAsync();
        var id = JsonDocument.Parse(answer).RootElement.GetProperty("id").GetGuid();
        using var client = new Client(Api.BaseAddress!);
        await client.WaitForAsync(id, "paid");

        using var second = await PostAsync(Good, key);

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(Normal(answer), Normal(await second.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("""{"items":[{"unitPrice":19.990,"quantity":2,"sku":"SKU-1"}],"currency":"EUR","customerId":"c-17"}""",
        HttpStatusCode.Created)]
    [InlineData("""{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":3,"unitPrice":19.99}]}""",
        HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"customerId":"c-18","currency":"EUR","items":[{"sku":"SKU-1","quantity":2,"unitPrice":19.99}]}""",
        HttpStatusCode.UnprocessableEntity)]
    [InlineData(
        """{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":2,"unitPrice":19.99}],"paymentMethod":"pm_1"}""",
        HttpStatusCode.UnprocessableEntity)]
    public async Task H2_The_body_is_compared_by_value_not_by_text(string body, HttpStatusCode expected)
    {
        var key = NewKey();
        using var first = await PostAsync(Good, key);
        using var second = await PostAsync(body, key);

        Assert.Equal(expected, second.StatusCode);
    }

    [Fact]
    public async Task H3_Fifty_concurrent_requests_with_one_key_place_one_order()
    {
        await using var other = await system.StartServiceAsync("OrderSystem.OrderApi");
        using var second = Tokens.Http(other.Address);
        var key = NewKey();
        var customer = $"c-{Guid.NewGuid():N}";
        var body = Good.Replace("c-17", customer, StringComparison.Ordinal);

        var deadlocks = await DeadlocksAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => PostAsync(body, key, i % 2 == 0 ? Api : second)));

        Assert.All(answers, answer => Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Created, HttpStatusCode.Conflict }));
        Assert.Single(
            answers.Where(answer => answer.StatusCode == HttpStatusCode.Created).Select(answer => answer.Headers.Location).Distinct());
        Assert.All(
            answers.Where(answer => answer.StatusCode == HttpStatusCode.Conflict),
            answer => Assert.NotNull(answer.Headers.RetryAfter));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(
            system.OrdersDatabase, $"SELECT count(*) FROM orders WHERE customer_id = '{customer}'"));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(
            system.OrdersDatabase,
            $"SELECT count(*) FROM events JOIN orders ON id = order_id WHERE customer_id = '{customer}'"));
        Assert.Equal(deadlocks, await DeadlocksAsync());

        // A graceful shutdown returns the messages that this instance has pulled: other tests wait for them.
        await other.StopAsync();
    }

    public static TheoryData<string> BadKeys => new("", "   ", new string('k', 256), "ключ");

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task H1_An_invalid_key_is_rejected_and_nothing_is_stored(string key)
    {
        var customer = $"c-{Guid.NewGuid():N}";
        using var response = await PostAsync(Good.Replace("c-17", customer, StringComparison.Ordinal), key);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(
            system.OrdersDatabase, $"SELECT count(*) FROM orders WHERE customer_id = '{customer}'"));
    }

    [Fact]
    public async Task H1_Two_keys_are_rejected_and_nothing_is_stored()
    {
        var customer = $"c-{Guid.NewGuid():N}";
        using var request = Request(Good.Replace("c-17", customer, StringComparison.Ordinal));
        request.Headers.Add("Idempotency-Key", ["one", "two"]);
        using var response = await Api.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(
            system.OrdersDatabase, $"SELECT count(*) FROM orders WHERE customer_id = '{customer}'"));
    }

    [Theory]
    [InlineData("a\u0001b")]
    [InlineData("a\tb")]
    [InlineData("a\u007fb")]
    [InlineData("a\0b")]
    public async Task H1_Control_characters_in_a_key_are_rejected_and_nothing_is_stored(string key)
    {
        var customer = $"c-{Guid.NewGuid():N}";
        var body = Good.Replace("c-17", customer, StringComparison.Ordinal);

        // Over a raw socket, because HttpClient refuses to send most of these characters.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Api.BaseAddress!.Host, Api.BaseAddress.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /orders HTTP/1.1\r\nHost: {Api.BaseAddress.Authority}\r\nAuthorization: Bearer {Tokens.Everything}\r\n"
                + $"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        var answer = new byte[64];
        var length = await socket.ReceiveAsync(answer);

        Assert.StartsWith("HTTP/1.1 400 ", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(
            system.OrdersDatabase, $"SELECT count(*) FROM orders WHERE customer_id = '{customer}'"));
    }

    [Fact]
    public async Task A_rejected_request_does_not_consume_its_key()
    {
        var key = NewKey();
        using var bad = await PostAsync(Good.Replace("EUR", "XXX", StringComparison.Ordinal), key);
        using var good = await PostAsync(Good, key);

        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Equal(HttpStatusCode.Created, good.StatusCode);
    }

    private Task<long> DeadlocksAsync() =>
        Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT deadlocks FROM pg_stat_database WHERE datname = 'orders'");

    private static string NewKey() => Guid.NewGuid().ToString();

    private static string Normal(string order) =>
        JsonDocument.Parse(order).RootElement.ToString().Replace(" ", "", StringComparison.Ordinal);

    private Task<HttpResponseMessage> PostAsync(string body, string key, HttpClient? http = null)
    {
        var request = Request(body);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return (http ?? Api).SendAsync(request);
    }

    private static HttpRequestMessage Request(string body) =>
        new(HttpMethod.Post, "/orders") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}
