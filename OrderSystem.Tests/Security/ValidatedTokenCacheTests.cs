using Microsoft.IdentityModel.Tokens;
using OrderSystem.AppHost.Access;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// A successful token validation is cached briefly and never beyond what a new validation would accept. Nothing else is cached.
/// </summary>
[Fast]
public sealed class ValidatedTokenCacheTests
{
    private readonly SteppedClock time = new();
    private readonly ValidatedTokenCache tokens;
    private readonly TokenValidationParameters parameters;
    private int validations;

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
                validations++;
                return end + asked.ClockSkew >= time.GetUtcNow().UtcDateTime;
            },
        };
    }

    [Fact]
    public async Task A_token_is_validated_once_a_minute()
    {
        var token = Token(TimeSpan.FromHours(1));

        Assert.True(await IsValidAsync(token));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(await IsValidAsync(token));
        Assert.Equal(1, validations);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await IsValidAsync(token));
        Assert.Equal(2, validations);
    }

    [Theory]
    [InlineData(29)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(-29)]
    public async Task A_cached_token_is_rejected_30_s_after_its_expiry_like_any_other(int secondsLeft)
    {
        var token = Token(TimeSpan.FromSeconds(secondsLeft));
        Assert.True(await IsValidAsync(token));

        // Just before the limit the cache accepts the token, at the limit a validation does, and just after it neither does.
        time.Advance(TimeSpan.FromSeconds(secondsLeft) + AccessSetup.ClockSkew - TimeSpan.FromTicks(1));
        Assert.True(await IsValidAsync(token));
        Assert.Equal(1, validations);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(await IsValidAsync(token));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(await IsValidAsync(token));
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_back_does_not_extend_the_caching()
    {
        var token = Token(TimeSpan.FromHours(5));
        Assert.True(await IsValidAsync(token));

        time.Step(TimeSpan.FromHours(-1));
        Assert.True(await IsValidAsync(token));
        Assert.Equal(1, validations);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await IsValidAsync(token));
        Assert.Equal(2, validations);

        time.Step(TimeSpan.FromHours(6));
        Assert.False(await IsValidAsync(token));
    }

    [Fact]
    public async Task A_withdrawn_key_is_accepted_from_the_cache_for_one_minute_at_most()
    {
        var token = Token(TimeSpan.FromHours(1));
        Assert.True(await IsValidAsync(token));
        using var other = TokenKey.Create();
        parameters.IssuerSigningKeys = new JsonWebKeySet(other.Jwks).GetSigningKeys();

        Assert.True(await IsValidAsync(token));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await IsValidAsync(token));
    }

    [Fact]
    public async Task Cached_validation_is_not_reused_for_another_token()
    {
        var parts = Token(TimeSpan.FromHours(1)).Split('.');
        var others = Token(TimeSpan.FromHours(1)).Split('.');

        Assert.True(await IsValidAsync(string.Join('.', parts)));
        Assert.False(await IsValidAsync($"{parts[0]}.{parts[1]}."));
        Assert.False(await IsValidAsync($"{parts[0]}.{parts[1]}.{others[2]}"));
        Assert.False(await IsValidAsync($"{parts[0]}.{others[1]}.{parts[2]}"));
    }

    [Fact]
    public async Task A_rejected_token_is_not_cached()
    {
        var critical = ForgedTokens.Of("critical extension");

        Assert.False(await IsValidAsync(critical));
        Assert.False(await IsValidAsync(critical));
        Assert.Equal(2, validations);
    }

    [Fact]
    public async Task The_cache_holds_at_most_a_thousand_tokens()
    {
        var first = Token(TimeSpan.FromHours(1));
        Assert.True(await IsValidAsync(first));
        for (var i = 1; i < 1_000; i++)
            Assert.True(await IsValidAsync(Token(TimeSpan.FromHours(1))));
        Assert.True(await IsValidAsync(first));
        Assert.Equal(1_000, validations);

        Assert.True(await IsValidAsync(Token(TimeSpan.FromHours(1))));
        Assert.True(await IsValidAsync(first));
        Assert.Equal(1_002, validations);
    }

    private string Token(TimeSpan lifetime) => Tokens.Key.CreateToken("tests", TokenKey.AllScopes, time.GetUtcNow(), lifetime);

    private async Task<bool> IsValidAsync(string token) => (await tokens.ValidateTokenAsync(token, parameters)).IsValid;
}
