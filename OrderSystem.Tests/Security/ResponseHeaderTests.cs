using System.Net;
using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Security headers: every response forbids content sniffing, framing and caching, and none names the server.</summary>
public sealed class ResponseHeaderTests(SharedSystem shared)
{
    private const string Order = """{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":1,"unitPrice":1}]}""";

    [Theory]
    [InlineData("GET", "/orders?limit=1", null, HttpStatusCode.OK)]
    [InlineData("GET", "/health", null, HttpStatusCode.OK)]
    [InlineData("GET", "/openapi/v1.json", null, HttpStatusCode.OK)]
    [InlineData("POST", "/orders", Order, HttpStatusCode.Created)]
    [InlineData("POST", "/orders", "{", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/orders", null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("GET", "/orders/019b0000-0000-7000-8000-000000000000", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/nowhere", null, HttpStatusCode.NotFound)]
    [InlineData("PUT", "/orders", null, HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/orders", null, HttpStatusCode.Unauthorized, "none")]
    public async Task Every_response_has_the_security_headers_and_no_server_name(
        string method, string path, string? body, HttpStatusCode expected, string? token = null)
    {
        var system = await shared.StartedAsync();
        using var http = Tokens.Http(system.OrderApi.Address, token);
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var answer = await http.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
        AssertProtected(answer);
    }

    [Fact]
    public async Task Responses_of_the_worker_have_the_security_headers()
    {
        var system = await shared.StartedAsync();
        using var http = Tokens.Http(system.Worker.Address);
        foreach (var path in new[] { "/health", "/nowhere", $"/ops/payments/{Guid.NewGuid()}" })
        {
            using var answer = await http.GetAsync(path);
            AssertProtected(answer);
        }
    }

    [Fact]
    public async Task An_error_response_after_an_exception_has_the_security_headers()
    {
        await using var system = await RunningSystem.StartAsync();
        await system.Postgres.KillAsync();
        using var http = Tokens.Http(system.OrderApi.Address);
        using var answer = await http.GetAsync("/orders");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        AssertProtected(answer);
    }

    private static void AssertProtected(HttpResponseMessage answer)
    {
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Empty(answer.Headers.Server);
        Assert.DoesNotContain(
            answer.Headers,
            header => header.Key.StartsWith("X-Powered", StringComparison.OrdinalIgnoreCase)
                || header.Key.StartsWith("X-AspNet", StringComparison.OrdinalIgnoreCase));
    }
}
