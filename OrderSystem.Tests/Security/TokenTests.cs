using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Authentication and authorization: a request needs a valid token with the scope of the endpoint.</summary>
public sealed class TokenTests(SharedSystem shared) : IAsyncLifetime
{
    private RunningSystem system = null!;

    public async ValueTask InitializeAsync() => system = await shared.StartedAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("expired", "expired")]
    [InlineData("not yet valid", "not valid before")]
    [InlineData("without an expiry", "expiration")]
    [InlineData("foreign issuer", "issuer")]
    [InlineData("without an issuer", "issuer")]
    [InlineData("foreign audience", "audience")]
    [InlineData("without an audience", "audience")]
    [InlineData("foreign key", "signature key was not found")]
    [InlineData("foreign key with a known kid", "signature is invalid")]
    [InlineData("key in the jwk header", "signature key was not found")]
    [InlineData("none algorithm")]
    [InlineData("none algorithm in mixed case")]
    [InlineData("none algorithm with a signature")]
    [InlineData("algorithm as a URI")]
    [InlineData("public key as HMAC secret")]
    [InlineData("public key as HMAC secret, PEM")]
    [InlineData("public key as HMAC secret, modulus")]
    [InlineData("changed claims")]
    [InlineData("without a signature")]
    [InlineData("two parts")]
    [InlineData("not a token")]
    [InlineData("encrypted")]
    [InlineData("critical extension")]
    [InlineData("claims that are not an object")]
    [InlineData("very long")]
    public async Task A_forged_token_gets_401_at_both_services(string kind, string said = "invalid_token")
    {
        foreach (var address in new[]
        {
            new Uri(system.OrderApi.Address, "/orders"), new Uri(system.Worker.Address, $"/ops/payments/{Guid.NewGuid()}"),
        })
        {
            using var http = Tokens.Http(address, ForgedTokens.Of(kind));
            using var answer = await http.GetAsync(address);

            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Contains(said, Assert.Single(answer.Headers.WwwAuthenticate).Parameter, StringComparison.Ordinal);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task The_token_that_the_forged_ones_are_derived_from_is_accepted()
    {
        using var http = Tokens.Http(system.OrderApi.Address, ForgedTokens.Signed(_ => { }));
        using var answer = await http.GetAsync("/orders");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData(-600, -10)]
    [InlineData(25, 600)]
    public async Task A_clock_skew_below_30_s_is_tolerated(int notBefore, int expires)
    {
        using var http = Tokens.Http(
            system.OrderApi.Address,
            ForgedTokens.Signed(claims => (claims["nbf"], claims["exp"]) = (ForgedTokens.Now(notBefore), ForgedTokens.Now(expires))));
        using var answer = await http.GetAsync("/orders");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic dGVzdHM6dGVzdHM=")]
    public async Task Only_the_health_probes_answer_without_a_token(string? authorization)
    {
        using var http = new HttpClient();
        foreach (var service in new[] { system.OrderApi.Address, system.Worker.Address })
        {
            foreach (var path in new[]
            {
                "/orders", $"/orders/{Guid.NewGuid()}", "/openapi/v1.json",
                "/ops/audit", "/ops/audit/events", "/ops/webhooks", "/ops/redrive", "/ops/pause", "/", "/nowhere",
            })
                Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(HttpMethod.Get, service, path)).Status);
            Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), await SendAsync(HttpMethod.Post, service, "/orders"));
            foreach (var probe in new[] { "/health", "/ready", "/alive" })
                Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, service, probe)).Status);
        }

        async Task<(HttpStatusCode Status, string Challenge)> SendAsync(HttpMethod method, Uri service, string path)
        {
            using var request = new HttpRequestMessage(method, new Uri(service, path));
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var answer = await http.SendAsync(request);
            return (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString());
        }
    }

    [Theory]
    [InlineData("GET", "/orders", "orders.read")]
    [InlineData("GET", "/orders/019b0000-0000-7000-8000-000000000000", "orders.read")]
    [InlineData("GET", "/orders/019b0000-0000-7000-8000-000000000000/timeline", "orders.read")]
    [InlineData("POST", "/orders", "orders.write")]
    [InlineData("POST", "/orders/019b0000-0000-7000-8000-000000000000/cancel", "orders.write")]
    [InlineData("GET", "/ops/audit", "orders.ops")]
    [InlineData("GET", "/ops/dead-letters", "orders.ops")]
    [InlineData("GET", "/ops/dead-letters/1", "orders.ops")]
    [InlineData("POST", "/ops/dead-letters/1/replay", "orders.ops")]
    [InlineData("POST", "/ops/dead-letters/replay", "orders.ops")]
    [InlineData("DELETE", "/ops/dead-letters/1", "orders.ops")]
    [InlineData("POST", "/ops/redrive", "orders.ops")]
    public async Task A_token_without_the_scope_gets_403_that_names_the_scope(string method, string path, string scope)
    {
        var others = string.Join(' ', new[] { "orders.read", "orders.write", "orders.ops" }.Where(one => one != scope));
        await RefusesAsync(system.OrderApi.Address, method, path, scope, others);
    }

    [Theory]
    [InlineData("GET", "/ops/payments")]
    [InlineData("GET", "/ops/payments/019b0000-0000-7000-8000-000000000000")]
    [InlineData("POST", "/ops/payments/019b0000-0000-7000-8000-000000000000/requery")]
    [InlineData("POST", "/ops/payments/019b0000-0000-7000-8000-000000000000/resolve")]
    [InlineData("GET", "/ops/audit/payments")]
    [InlineData("GET", "/ops/audit/events")]
    [InlineData("GET", "/ops/audit/webhooks")]
    [InlineData("GET", "/ops/webhooks")]
    [InlineData("POST", "/ops/webhooks/http/msg_1/replay")]
    [InlineData("DELETE", "/ops/webhooks/http/msg_1")]
    [InlineData("POST", "/ops/redrive")]
    [InlineData("POST", "/ops/pause")]
    [InlineData("POST", "/ops/resume")]
    public Task The_worker_serves_operators_only(string method, string path) =>
        RefusesAsync(system.Worker.Address, method, path, "orders.ops", "orders.read orders.write");

    [Theory]
    [InlineData("orders.readx")]
    [InlineData("xorders.read")]
    [InlineData("ORDERS.READ")]
    [InlineData("orders.read,orders.write")]
    [InlineData("")]
    public Task Scopes_are_matched_as_whole_case_sensitive_words(string scopes) =>
        RefusesAsync(system.OrderApi.Address, "GET", "/orders", "orders.read", scopes);

    [Theory]
    [InlineData("""{"scope":"openid orders.read"}""")]
    [InlineData("""{"scope":["openid","orders.read"]}""")]
    [InlineData("""{"scp":"orders.read"}""")]
    [InlineData("""{"scp":["orders.read"]}""")]
    public async Task Scopes_are_read_from_scope_and_scp_claims_as_text_or_array(string claims)
    {
        using var http = Tokens.Http(system.OrderApi.Address, ForgedTokens.Signed(all =>
        {
            all.Remove("scope");
            foreach (var (name, value) in System.Text.Json.Nodes.JsonNode.Parse(claims)!.AsObject())
                all[name] = value!.DeepClone();
        }));
        using var answer = await http.GetAsync("/orders");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("käufer")]
    public async Task A_token_with_an_invalid_client_id_gets_403(string client)
    {
        using var http = Tokens.Http(system.OrderApi.Address, ForgedTokens.Signed(claims => claims["client_id"] = client));
        using var answer = await http.GetAsync("/orders");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static async Task RefusesAsync(Uri service, string method, string path, string scope, string scopes)
    {
        using var http = Tokens.Http(service, Tokens.Of("tests", scopes));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal($"error=\"insufficient_scope\", scope=\"{scope}\"", Assert.Single(answer.Headers.WwwAuthenticate).Parameter);
        Assert.Contains(
            scope, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }
}
