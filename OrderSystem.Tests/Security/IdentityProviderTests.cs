using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.AppHost.Access;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// The identity provider is unreachable, before and after a service has fetched its keys (F36). The services run as separate processes.
/// </summary>
public sealed class IdentityProviderTests(SharedSystem shared)
{
    [Theory]
    [InlineData("OrderSystem.OrderApi", "/orders")]
    [InlineData("OrderSystem.PaymentWorker", "/ops/payments")]
    public async Task F36_A_service_answers_503_until_its_identity_provider_is_up_and_then_survives_its_outage(string project, string path)
    {
        await using var provider = new IdentityProvider();
        await using var service = await StartAsync(project, provider);
        using var rotated = TokenKey.Create();
        using var http = new HttpClient { BaseAddress = service.Address };

        await GetsAsync(HttpStatusCode.ServiceUnavailable, Tokens.Everything);
        await GetsAsync(HttpStatusCode.Unauthorized, ForgedTokens.Of("not a token"));
        await GetsAsync(HttpStatusCode.Unauthorized, token: null);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/ready")).StatusCode);
        Assert.Contains("identity provider", await (await http.GetAsync("/health")).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await provider.StartAsync();
        await Eventually.BeTrueAsync(
            "the service accepts the token", async () => await StatusAsync(Tokens.Everything) == HttpStatusCode.OK);
        await GetsAsync(HttpStatusCode.Unauthorized, Signed(rotated));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health")).StatusCode);

        await provider.StopAsync();
        await Eventually.BeTrueAsync(
            "a token of an unknown key gets 503", async () => await StatusAsync(Signed(rotated)) == HttpStatusCode.ServiceUnavailable);
        await GetsAsync(HttpStatusCode.OK, Tokens.Of("another", subject: "somebody new"));
        foreach (var kind in new[]
        {
            "expired", "foreign audience", "foreign issuer", "changed claims", "foreign key with a known kid", "not a token",
        })
            await GetsAsync(HttpStatusCode.Unauthorized, ForgedTokens.Of(kind));
        Assert.Contains("identity provider", await http.GetStringAsync("/health"), StringComparison.Ordinal);

        provider.Jwks = rotated.Jwks;
        await provider.StartAsync();
        await Eventually.BeTrueAsync(
            "the service accepts the new key", async () => await StatusAsync(Signed(rotated)) == HttpStatusCode.OK);
        await GetsAsync(HttpStatusCode.Unauthorized, Tokens.Of("another", subject: "of the key that was withdrawn"));

        async Task<HttpStatusCode> StatusAsync(string? token) => (await SendAsync(token)).StatusCode;

        async Task<HttpResponseMessage> SendAsync(string? token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = token is null ? null : new("Bearer", token);
            return await http.SendAsync(request);
        }

        async Task GetsAsync(HttpStatusCode expected, string? token)
        {
            using var answer = await SendAsync(token);
            Assert.Equal(expected, answer.StatusCode);
            if (expected == HttpStatusCode.OK)
                return;
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(expected == HttpStatusCode.ServiceUnavailable ? TimeSpan.FromSeconds(5) : null, answer.Headers.RetryAfter?.Delta);
            Assert.Equal(expected == HttpStatusCode.Unauthorized, answer.Headers.WwwAuthenticate.Count != 0);
            Assert.Equal((int)expected, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32());
        }
    }

    private static string Signed(TokenKey key) =>
        key.CreateToken("tests", TokenKey.AllScopes, TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1));

    private async Task<ServiceProcess> StartAsync(string project, IdentityProvider provider)
    {
        var environment = (await shared.StartedAsync()).Environment(project);
        foreach (var (name, value) in provider.Settings)
            environment[name] = value;
        return await ServiceProcess.StartAsync(project, environment);
    }
}
