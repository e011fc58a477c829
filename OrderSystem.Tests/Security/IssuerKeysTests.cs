using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OrderSystem.AppHost.Access;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// When the signing keys are fetched from the identity provider, how long a request waits
/// for that, and what is accepted during an outage. A fake clock advances the hours.
/// </summary>
[Fast]
public sealed class IssuerKeysTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private readonly IdentityProvider provider = new();
    private readonly TokenKey rotated = TokenKey.Create();
    private WebApplication app = null!;
    private HttpClient http = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        rotated.Dispose();
        await app.DisposeAsync();
        await provider.DisposeAsync();
    }

    [Fact]
    public async Task Known_keys_stay_valid_throughout_an_outage_of_the_provider()
    {
        await StartAppAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));

        await provider.StopAsync();
        for (var hours = 0; hours < 48; hours++)
        {
            time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        }

        await Eventually.BeTrueAsync("the outage of the provider is noticed", async () =>
        {
            time.Advance(IssuerKeys.RetryInterval);
            return await StatusAsync(Token(rotated)) == HttpStatusCode.ServiceUnavailable;
        });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
    }

    [Fact]
    public async Task Unknown_keys_cause_at_most_one_fetch_in_five_seconds()
    {
        await StartAppAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token(rotated)));
        Assert.Equal(1, provider.Requests);

        provider.Jwks = rotated.Jwks;
        time.Advance(IssuerKeys.RetryInterval);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token(rotated)));
        Assert.Equal(2, provider.Requests);
    }

    [Fact]
    public async Task A_withdrawn_key_is_rejected_within_half_an_hour()
    {
        await StartAppAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));

        provider.Jwks = rotated.Jwks;
        time.Advance(IssuerKeys.StaleAfter);
        await Eventually.BeTrueAsync(
            "the withdrawn key is rejected", async () => await StatusAsync(Token()) == HttpStatusCode.Unauthorized);
        Assert.Equal(2, provider.Requests);
    }

    [Fact]
    public async Task An_invalid_key_set_does_not_replace_the_known_keys()
    {
        await StartAppAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));

        foreach (var invalid in new[] { """{"keys":[]}""", "{}", "<html>", "" })
        {
            provider.Jwks = invalid;
            time.Advance(IssuerKeys.StaleAfter);
            await Eventually.BeTrueAsync("the invalid key set is noticed", async () =>
            {
                time.Advance(IssuerKeys.RetryInterval);
                return await StatusAsync(Token(rotated)) == HttpStatusCode.ServiceUnavailable;
            });
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        }
    }

    [Fact]
    public async Task A_hanging_provider_delays_only_the_first_requests_by_three_seconds()
    {
        await StartAppAsync(TimeProvider.System);
        provider.IsSilent = true;
        await provider.StartAsync();

        var started = TimeProvider.System.GetTimestamp();
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StatusAsync(Token()))),
            status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), IssuerKeys.FetchTimeout / 2, IssuerKeys.FetchTimeout * 2);
        Assert.Equal(1, provider.Requests);

        // From now on the fetch runs in the background: another attempt must not delay requests again.
        var longest = TimeSpan.Zero;
        await Eventually.BeTrueAsync("the keys are fetched again", async () =>
        {
            var asked = TimeProvider.System.GetTimestamp();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(Token()));
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, TimeProvider.System.GetElapsedTime(asked).Ticks));
            return provider.Requests > 1;
        });
        Assert.InRange(longest, TimeSpan.Zero, IssuerKeys.FetchTimeout / 2);

        provider.IsSilent = false;
        await Eventually.BeTrueAsync("the token is accepted", async () => await StatusAsync(Token()) == HttpStatusCode.OK);
    }

    private async Task StartAppAsync(TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(Tokens.Settings
            .Select(setting => (Name: setting.Key, setting.Value)).Concat(provider.Settings)
            .GroupBy(setting => setting.Name.Replace("__", ":", StringComparison.Ordinal), setting => setting.Value, StringComparer.Ordinal)
            .Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Last())));
        builder.Services.AddSingleton(clock);
        builder.AddAccess();
        app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/", () => "ok");
        await app.StartAsync();
        http = new() { BaseAddress = new(app.Urls.Single()) };
    }

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>A new token each time, so that no cached validation is used.</summary>
    private static string Token(TokenKey? key = null) =>
        (key ?? Tokens.Key).CreateToken("tests", TokenKey.AllScopes, TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1));
}
