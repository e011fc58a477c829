using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>H7, H8 and H11: hostile or malformed bodies, each rejected with problem details that name what is wrong.</summary>
public sealed class HostileInputTests(SharedSystem shared) : IAsyncLifetime
{
    private HttpClient Api { get; } = Tokens.Http(address: null);

    public async ValueTask InitializeAsync() => Api.BaseAddress = (await shared.StartedAsync()).OrderApi.Address;

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(20_000)]
    public async Task H7_Deep_nesting_is_rejected(int depth) =>
        await IsRefusedAsync($$"""{"customerId":"c","currency":"EUR","items":{{new string('[', depth)}}{{new string(']', depth)}}}""",
            HttpStatusCode.BadRequest);

    [Theory]
    [InlineData(201, HttpStatusCode.BadRequest)]
    [InlineData(100_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task H7_Too_many_items_are_rejected(int count, HttpStatusCode expected) =>
        await IsRefusedAsync(
            Order($"[{string.Join(',', Enumerable.Repeat("""{"sku":"S","quantity":1,"unitPrice":1}""", count))}]"), expected);

    /// <summary>
    /// The items are as short as JSON allows, so that the body stays within its size limit and validation has to reject it.
    /// </summary>
    [Fact]
    public async Task H7_Very_many_short_items_within_the_body_limit_are_rejected() =>
        await IsRefusedAsync(Order($"[{string.Join(',', Enumerable.Repeat("{}", 15_000))}]"), HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("status", """{"customerId":"c","currency":"EUR","status":"paid","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""")]
    [InlineData("items[0].total", """{"customerId":"c","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1,"total":0}]}""")]
    [InlineData("customerId", """{"customerId":"c","customerId":"d","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""")]
    [InlineData("items[0].quantity",
        """{"customerId":"c","currency":"EUR","items":[{"sku":"S","quantity":1,"quantity":2,"unitPrice":1}]}""")]
    [InlineData("CustomerId", """{"customerId":"c","CustomerId":"d","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""")]
    public async Task H7_An_unknown_or_duplicate_member_is_rejected(string field, string body) =>
        await IsRefusedAsync(body, HttpStatusCode.BadRequest, field);

    [Theory]
    [InlineData("items[0].quantity", "EUR", "-1", "1")]
    [InlineData("items[0].quantity", "EUR", "0", "1")]
    [InlineData("items[0].quantity", "EUR", "1e400", "1")]
    [InlineData("items[0].quantity", "EUR", "0.001", "1")]
    [InlineData("items[0].quantity", "EUR", "\"NaN\"", "1")]
    [InlineData("items[0].quantity", "EUR", "\"1\"", "1")]
    [InlineData("items[0].quantity", "EUR", "99999999999", "1")]
    [InlineData("items[0].unitPrice", "EUR", "1", "-1")]
    [InlineData("items[0].unitPrice", "EUR", "1", "0")]
    [InlineData("items[0].unitPrice", "EUR", "1", "1e400")]
    [InlineData("items[0].unitPrice", "EUR", "1", "1e-400")]
    [InlineData("items[0].unitPrice", "EUR", "1", "0.001")]
    [InlineData("items[0].unitPrice", "JPY", "1", "0.5")]
    [InlineData("items[0].unitPrice", "EUR", "1", "\"NaN\"")]
    [InlineData("items[0].unitPrice", "EUR", "1", "\"Infinity\"")]
    [InlineData("items[0].unitPrice", "EUR", "10000", "79228162514264337593543950335")]
    [InlineData("currency", "usd ", "1", "1")]
    [InlineData("currency", "XXX", "1", "1")]
    [InlineData("currency", "eur", "1", "1")]
    public async Task H8_An_invalid_number_or_currency_is_rejected_with_its_field(
        string field, string currency, string quantity, string price) =>
        await IsRefusedAsync(
            $$"""{"customerId":"c","currency":"{{currency}}","items":[{"sku":"S","quantity":{{quantity}},"unitPrice":{{price}}}]}""",
            HttpStatusCode.BadRequest, field);

    [Fact]
    public async Task H8_A_total_that_is_too_large_is_rejected() =>
        await IsRefusedAsync(
            Order($"[{string.Join(',', Enumerable.Repeat("""{"sku":"S","quantity":10000,"unitPrice":1000000000}""", 200))}]"),
            HttpStatusCode.BadRequest, "items");

    [Theory]
    [InlineData("a\r\nPUB x")]
    [InlineData("a\0b")]
    [InlineData("a\u001b[2J")]
    public async Task H11_Control_characters_are_rejected_in_every_field_and_parameter(string text)
    {
        var json = JsonSerializer.Serialize(text);
        await IsRefusedAsync($$"""{"customerId":{{json}},"currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""",
            HttpStatusCode.BadRequest, "customerId");
        await IsRefusedAsync($$"""{"customerId":"c","currency":"EUR","items":[{"sku":{{json}},"quantity":1,"unitPrice":1}]}""",
            HttpStatusCode.BadRequest, "items[0].sku");
        foreach (var path in new[]
        {
            $"/orders/{Uri.EscapeDataString(text)}",
            $"/orders?customerId={Uri.EscapeDataString(text)}",
            $"/orders?cursor={Uri.EscapeDataString(text)}",
        })
        {
            using var response = await Api.GetAsync(new Uri(path, UriKind.Relative));
            var nothing = await response.Content.ReadAsStringAsync();
            Assert.True(
                response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound || nothing == """{"items":[]}""",
                $"{path}: {response.StatusCode} {nothing}");
        }
    }

    /// <summary>JSON escapes of unpaired surrogates, and characters that no text may contain.</summary>
    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00")]
    [InlineData("a\\ud800b")]
    [InlineData("\\udc00\\ud800")]
    [InlineData("\\u0000")]
    [InlineData("\\ufffd")]
    public async Task H11_Unpaired_surrogates_and_NUL_are_rejected_in_every_field(string escape)
    {
        await IsRefusedAsync($$"""{"customerId":"{{escape}}","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""",
            HttpStatusCode.BadRequest);
        await IsRefusedAsync($$"""{"customerId":"c","currency":"{{escape}}","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""",
            HttpStatusCode.BadRequest);
        await IsRefusedAsync($$"""{"customerId":"c","currency":"EUR","items":[{"sku":"{{escape}}","quantity":1,"unitPrice":1}]}""",
            HttpStatusCode.BadRequest);
        await IsRefusedAsync($$"""{"{{escape}}":"c","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""",
            HttpStatusCode.BadRequest);
    }

    /// <summary>
    /// The body is within every limit, but its event exceeds the size limit of the stream: an accepted order would be pending for ever.
    /// </summary>
    [Fact]
    public async Task An_order_whose_event_would_exceed_the_stream_limit_is_rejected() => await IsRefusedAsync(
        Order($"[{string.Join(',', Enumerable.Repeat($$"""{"sku":"{{new string('\u20ac', 64)}}","quantity":1,"unitPrice":1}""", 200))}]"),
        HttpStatusCode.BadRequest, "items");

    [Fact]
    public async Task The_largest_order_with_the_longest_trace_state_is_paid()
    {
        using var client = new Client(Api.BaseAddress!);
        var state = string.Join(',', Enumerable.Range(0, 30).Select(i => $"k{i}={new string('v', 250)}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = new StringContent(
                Order($"[{string.Join(',', Enumerable.Repeat(
                    $$"""{"sku":"{{new string('\u20ac', 44)}}","quantity":1,"unitPrice":1}""", 200))}]"),
                System.Text.Encoding.UTF8, "application/json"),
            Headers = { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }, { "tracestate", state } },
        };
        using var answer = await client.Http.SendAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        await client.WaitForAsync((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid(), "paid");
    }

    private static string Order(string items) => $$"""{"customerId":"c","currency":"EUR","items":{{items}}}""";

    private async Task IsRefusedAsync(string body, HttpStatusCode expected, string? field = null)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = content };
        request.Headers.ExpectContinue = true;
        using var response = await Api.SendAsync(request);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        if (field is not null)
            Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{field} is not among {problem}");
        Assert.DoesNotContain("System.", problem.ToString(), StringComparison.Ordinal);
    }
}
