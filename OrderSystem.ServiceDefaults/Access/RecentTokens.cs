using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Remembers which tokens were found to be good, for a minute at most and never beyond their end: callers send the same token with every
/// request, and to check its signature costs more than to store an order. A key that its provider withdraws is trusted for that minute longer.
/// </summary>
internal sealed class RecentTokens(TimeProvider time) : JsonWebTokenHandler
{
    private const int Most = 1_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Found> good = new(StringComparer.Ordinal);

    public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
        good.TryGetValue(token, out var found) && found.Until > time.GetUtcNow() ? found.Result : CheckAsync(token, validationParameters);

    private async Task<TokenValidationResult> CheckAsync(string token, TokenValidationParameters parameters)
    {
        var result = await base.ValidateTokenAsync(token, parameters);
        if (!result.IsValid)
            return result;

        // What the header calls critical has to be understood or refused (RFC 7515, 4.1.11); the library ignores it.
        if (((JsonWebToken)result.SecurityToken).TryGetHeaderValue<object>("crit", out _))
            return new TokenValidationResult { IsValid = false, Exception = new SecurityTokenValidationException("The token has a critical extension.") };

        // Nobody has that many tokens at once but who makes them to fill this up; then it costs what it costs without.
        if (good.Count >= Most)
            good.Clear();
        var (soon, end) = (time.GetUtcNow() + Longest, new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero));
        good[token] = new(Task.FromResult(result), soon < end ? soon : end);
        return result;
    }

    private sealed record Found(Task<TokenValidationResult> Result, DateTimeOffset Until);
}
