using Microsoft.IdentityModel.Tokens;
using OrderSystem.AppHost.Access;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>What was found to be good is remembered, but not for long, not beyond what a check would accept, and nothing else is.</summary>
public sealed class ValidatedTokenCacheTests
{
    private readonly SteppedClock time = new();
    private readonly ValidatedTokenCache tokens;
    private readonly TokenValidationParameters parameters;
    private int checks;

    public ValidatedTokenCacheTests()
    {
        tokens = new(time) { MapInboundClaims = false };
        parameters = new()
        {
            ValidIssuer = TokenKey.Issuer,
            ValidAudience = TokenKey.Audience,
            IssuerSigningKeys = new JsonWebKeySet(Tokens.Key.Jwks).GetSigningKeys(),
            ClockSkew = AccessSetup.ClockSkew,
            LifetimeValidator = (_, end, _, asked) =>
            {
                checks++;
                return end + asked.ClockSkew >= time.GetUtcNow().UtcDateTime;
            },
        };
    }

    [Fact]
    public async Task A_token_is_checked_once_in_a_minute()
    {
        var token = Token(TimeSpan.FromHours(1));

        Assert.True(await IsGoodAsync(token));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(await IsGoodAsync(token));
        Assert.Equal(1, checks);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await IsGoodAsync(token));
        Assert.Equal(2, checks);
    }

    [Theory]
    [InlineData(29)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(-29)]
    public async Task A_remembered_token_ends_30_s_after_its_end_as_a_checked_one_does(int secondsLeft)
    {
        var token = Token(TimeSpan.FromSeconds(secondsLeft));
        Assert.True(await IsGoodAsync(token));

        // Just before the edge it is remembered still, at the edge a check accepts it, and just after nothing does.
        time.Advance(TimeSpan.FromSeconds(secondsLeft) + AccessSetup.ClockSkew - TimeSpan.FromTicks(1));
        Assert.True(await IsGoodAsync(token));
        Assert.Equal(1, checks);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(await IsGoodAsync(token));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(await IsGoodAsync(token));
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_back_makes_nothing_remembered_for_longer()
    {
        var token = Token(TimeSpan.FromHours(5));
        Assert.True(await IsGoodAsync(token));

        time.Step(TimeSpan.FromHours(-1));
        Assert.True(await IsGoodAsync(token));
        Assert.Equal(1, checks);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await IsGoodAsync(token));
        Assert.Equal(2, checks);

        time.Step(TimeSpan.FromHours(6));
        Assert.False(await IsGoodAsync(token));
    }

    [Fact]
    public async Task A_key_that_is_withdrawn_is_trusted_for_a_minute_and_no_longer()
    {
        var token = Token(TimeSpan.FromHours(1));
        Assert.True(await IsGoodAsync(token));
        using var other = TokenKey.Create();
        parameters.IssuerSigningKeys = new JsonWebKeySet(other.Jwks).GetSigningKeys();

        Assert.True(await IsGoodAsync(token));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await IsGoodAsync(token));
    }

    [Fact]
    public async Task A_good_token_opens_the_door_to_no_other()
    {
        var parts = Token(TimeSpan.FromHours(1)).Split('.');
        var others = Token(TimeSpan.FromHours(1)).Split('.');

        Assert.True(await IsGoodAsync(string.Join('.', parts)));
        Assert.False(await IsGoodAsync($"{parts[0]}.{parts[1]}."));
        Assert.False(await IsGoodAsync($"{parts[0]}.{parts[1]}.{others[2]}"));
        Assert.False(await IsGoodAsync($"{parts[0]}.{others[1]}.{parts[2]}"));
    }

    [Fact]
    public async Task A_token_that_was_refused_is_refused_again()
    {
        var critical = Forged.Of("critical extension");

        Assert.False(await IsGoodAsync(critical));
        Assert.False(await IsGoodAsync(critical));
        Assert.Equal(2, checks);
    }

    [Fact]
    public async Task A_thousand_tokens_are_remembered_and_no_more()
    {
        var first = Token(TimeSpan.FromHours(1));
        Assert.True(await IsGoodAsync(first));
        for (var i = 1; i < 1_000; i++)
            Assert.True(await IsGoodAsync(Token(TimeSpan.FromHours(1))));
        Assert.True(await IsGoodAsync(first));
        Assert.Equal(1_000, checks);

        Assert.True(await IsGoodAsync(Token(TimeSpan.FromHours(1))));
        Assert.True(await IsGoodAsync(first));
        Assert.Equal(1_002, checks);
    }

    private string Token(TimeSpan lifetime) => Tokens.Key.CreateToken("tests", TokenKey.AllScopes, time.GetUtcNow(), lifetime);

    private async Task<bool> IsGoodAsync(string token) => (await tokens.ValidateTokenAsync(token, parameters)).IsValid;
}
