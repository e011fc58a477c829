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

/// <summary>When the provider is asked for its keys, how long a request waits for that, and what holds without it. A clock that is turned stands for the hours.</summary>
public sealed class IssuerKeysTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private readonly IdentityProvider provider = new();
    private readonly TokenKey rotated = TokenKey.Create();
    private WebApplication door = null!;
    private HttpClient http = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        rotated.Dispose();
        await door.DisposeAsync();
        await provider.DisposeAsync();
    }

    [Fact]
    public async Task Keys_that_are_known_stay_good_without_the_provider_for_as_long_as_it_is_away()
    {
        await OpenAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));

        await provider.StopAsync();
        for (var hours = 0; hours < 48; hours++)
        {
            time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));
        }

        await Eventually.BeTrueAsync("it was noticed that the provider is away", async () =>
        {
            time.Advance(IssuerKeys.RetryInterval);
            return await KnockAsync(Token(rotated)) == HttpStatusCode.ServiceUnavailable;
        });
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));
    }

    [Fact]
    public async Task A_key_that_is_not_known_has_the_provider_asked_once_in_five_seconds()
    {
        await OpenAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await KnockAsync(Token(rotated)));
        Assert.Equal(1, provider.Requests);

        provider.Jwks = rotated.Jwks;
        time.Advance(IssuerKeys.RetryInterval);
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token(rotated)));
        Assert.Equal(2, provider.Requests);
    }

    [Fact]
    public async Task A_withdrawn_key_is_noticed_within_half_an_hour_and_not_trusted_after_that()
    {
        await OpenAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));

        provider.Jwks = rotated.Jwks;
        time.Advance(IssuerKeys.StaleAfter);
        await Eventually.BeTrueAsync("the withdrawn key is refused", async () => await KnockAsync(Token()) == HttpStatusCode.Unauthorized);
        Assert.Equal(2, provider.Requests);
    }

    [Fact]
    public async Task What_is_no_set_of_keys_replaces_none()
    {
        await OpenAsync(time);
        await provider.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));

        foreach (var nonsense in new[] { """{"keys":[]}""", "{}", "<html>", "" })
        {
            provider.Jwks = nonsense;
            time.Advance(IssuerKeys.StaleAfter);
            await Eventually.BeTrueAsync("the refusal is noticed", async () =>
            {
                time.Advance(IssuerKeys.RetryInterval);
                return await KnockAsync(Token(rotated)) == HttpStatusCode.ServiceUnavailable;
            });
            Assert.Equal(HttpStatusCode.OK, await KnockAsync(Token()));
        }
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_holds_up_the_first_requests_and_those_for_three_seconds()
    {
        await OpenAsync(TimeProvider.System);
        provider.IsSilent = true;
        await provider.StartAsync();

        var started = TimeProvider.System.GetTimestamp();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => KnockAsync(Token()))), status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), IssuerKeys.FetchTimeout / 2, IssuerKeys.FetchTimeout * 2);
        Assert.Equal(1, provider.Requests);

        // From here on an attempt goes on behind the requests: that the provider is asked again is no reason to wait for it again.
        var longest = TimeSpan.Zero;
        await Eventually.BeTrueAsync("the provider is asked again", async () =>
        {
            var asked = TimeProvider.System.GetTimestamp();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await KnockAsync(Token()));
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, TimeProvider.System.GetElapsedTime(asked).Ticks));
            return provider.Requests > 1;
        });
        Assert.InRange(longest, TimeSpan.Zero, IssuerKeys.FetchTimeout / 2);

        provider.IsSilent = false;
        await Eventually.BeTrueAsync("the token is accepted", async () => await KnockAsync(Token()) == HttpStatusCode.OK);
    }

    private async Task OpenAsync(TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(Tokens.Settings.Select(setting => (Name: setting.Key, setting.Value)).Concat(provider.Settings)
            .GroupBy(setting => setting.Name.Replace("__", ":", StringComparison.Ordinal), setting => setting.Value, StringComparer.Ordinal)
            .Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Last())));
        builder.Services.AddSingleton(clock);
        builder.AddAccess();
        door = builder.Build();
        door.UseAuthentication();
        door.UseAuthorization();
        door.MapGet("/", () => "in");
        await door.StartAsync();
        http = new() { BaseAddress = new(door.Urls.Single()) };
    }

    private async Task<HttpStatusCode> KnockAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>Another one each time, so that none is remembered.</summary>
    private static string Token(TokenKey? key = null) => (key ?? Tokens.Key).CreateToken("tests", TokenKey.AllScopes, TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1));
}
