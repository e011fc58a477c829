using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>The order API over HTTP, with real servers behind it.</summary>
public sealed class OrdersHttpTests(SharedSystem shared) : IAsyncLifetime
{
    private const string Good = """{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":2,"unitPrice":19.99}]}""";

    private HttpClient Api { get; } = Tokens.Http(address: null);

    public async ValueTask InitializeAsync() => Api.BaseAddress = (await shared.StartedAsync()).OrderApi.Address;

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_order_is_created_and_can_be_read_back()
    {
        using var response = await PostAsync(Good);
        var created = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"/orders/{created.GetProperty("id").GetString()}", response.Headers.Location!.OriginalString);
        Assert.Equal("pending", created.GetProperty("status").GetString());
        Assert.Equal(39.98m, created.GetProperty("total").GetDecimal());

        var read = await Api.GetFromJsonAsync<JsonElement>(response.Headers.Location);
        foreach (var member in new[] { "id", "customerId", "currency", "total", "createdAt" })
            Assert.Equal(created.GetProperty(member).ToString(), read.GetProperty(member).ToString());
        Assert.Equal(
            created.GetProperty("items").ToString(),
            read.GetProperty("items").ToString().Replace(" ", "", StringComparison.Ordinal),
            ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData("customerId", """{"customerId":"","currency":"EUR","items":[{"sku":"S","quantity":1,"unitPrice":1}]}""")]
    [InlineData("items", """{"customerId":"c","currency":"EUR","items":[]}""")]
    [InlineData("items", """{"customerId":"c","currency":"EUR","items":null}""")]
    [InlineData("items[0]", """{"customerId":"c","currency":"EUR","items":[null]}""")]
    [InlineData("items[0].quantity", """{"customerId":"c","currency":"EUR","items":[{"sku":"S","quantity":1.5,"unitPrice":1}]}""")]
    [InlineData("$", """{"customerId":"c"}""")]
    [InlineData("$", "null")]
    [InlineData("$", "")]
    [InlineData("$", "not json")]
    [InlineData("$", "[]")]
    public async Task A_bad_request_names_the_invalid_field(string field, string body)
    {
        using var response = await PostAsync(body);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var errors = problem.GetProperty("errors").EnumerateObject()
            .ToDictionary(error => error.Name, error => error.Value[0].GetString()!);
        Assert.True(errors.ContainsKey(field), $"{field} is not among {problem}");
        Assert.DoesNotContain("System.", problem.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("OrderSystem.", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_order_is_404_with_problem_details()
    {
        using var response = await Api.GetAsync(new Uri($"/orders/{Guid.NewGuid()}", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Paging_lists_each_order_of_a_customer_once_newest_first()
    {
        var customer = $"c-{Guid.NewGuid():N}";
        var placed = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            using var response = await PostAsync(Good.Replace("c-17", customer, StringComparison.Ordinal));
            placed.Add((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!);
        }

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Api.GetFromJsonAsync<JsonElement>(
                $"/orders?customerId={customer}&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(order => order.GetProperty("id").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        placed.Reverse();
        Assert.Equal(placed, listed);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=abc", "limit")]
    [InlineData("status=Paid", "status")]
    [InlineData("cursor=nonsense", "cursor")]
    [InlineData("customerId=%00", "customerId")]
    public async Task A_bad_query_names_the_invalid_parameter(string query, string parameter)
    {
        using var response = await Api.GetAsync(new Uri($"/orders?{query}", UriKind.Relative));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True(problem.GetProperty("errors").TryGetProperty(parameter, out _), problem.ToString());
    }

    [Fact]
    public async Task The_OpenAPI_document_lists_the_order_routes()
    {
        var document = await Api.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var paths = document.GetProperty("paths").EnumerateObject().Select(path => path.Name);

        Assert.Subset(paths.ToHashSet(), new HashSet<string> { "/orders", "/orders/{id}", "/orders/{id}/cancel", "/orders/{id}/refunds" });
    }

    [Fact]
    public async Task The_OpenAPI_document_requires_a_bearer_token()
    {
        var document = await Api.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        Assert.Equal(
            "bearer",
            document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("scheme").GetString());
        Assert.Equal("bearer", Assert.Single(document.GetProperty("security").EnumerateArray()).EnumerateObject().Single().Name);
    }

    [Fact]
    public async Task The_OpenAPI_document_types_a_price_as_a_number()
    {
        var document = await Api.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var price = document.GetProperty("components").GetProperty("schemas")
            .GetProperty("PlaceOrderItem").GetProperty("properties").GetProperty("unitPrice");

        Assert.Equal("number", price.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/ready")]
    [InlineData("/alive")]
    public async Task The_health_probes_report_healthy_with_their_checks(string probe)
    {
        var report = await Eventually.GetAsync(
            $"{probe} is healthy", () => Api.GetFromJsonAsync<JsonElement>(probe),
            answer => answer.GetProperty("status").GetString() == "healthy");

        Assert.NotEmpty(report.GetProperty("checks").EnumerateObject());
    }

    private Task<HttpResponseMessage> PostAsync(string body) =>
        Api.PostAsync(new Uri("/orders", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
}
