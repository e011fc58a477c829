using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Remembers which tokens were found to be good, for a minute at most and no longer than a check would find them good, which is 30 s beyond their
/// end (<see cref="TokenValidationParameters.ClockSkew"/>): callers send the same token with every request, and to check its signature costs more
/// than to store an order. A key that its provider withdraws is trusted for that minute longer.
/// </summary>
internal sealed class RecentTokens(TimeProvider time, IssuerKeys? keys = null) : JsonWebTokenHandler
{
    private const int Most = 1_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Found> good = new(StringComparer.Ordinal);

    public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
        good.TryGetValue(token, out var found) && time.GetElapsedTime(found.At) < Longest && found.End > time.GetUtcNow() ? found.Result : CheckAsync(token, validationParameters);

    private async Task<TokenValidationResult> CheckAsync(string token, TokenValidationParameters parameters)
    {
        var result = await ValidateAsync(token, parameters);
        if (!result.IsValid)
            return result;

        // What the header calls critical has to be understood or refused (RFC 7515, 4.1.11); the library ignores it.
        if (((JsonWebToken)result.SecurityToken).TryGetHeaderValue<object>("crit", out _))
            return new TokenValidationResult { IsValid = false, Exception = new SecurityTokenValidationException("The token has a critical extension.") };

        // Nobody has that many tokens at once but who makes them to fill this up; then it costs what it costs without.
        if (good.Count >= Most)
            good.Clear();
        good[token] = new(Task.FromResult(result), time.GetTimestamp(), new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero) + parameters.ClockSkew);
        return result;
    }

    /// <summary>A key that is not known may be a new one.</summary>
    private async Task<TokenValidationResult> ValidateAsync(string token, TokenValidationParameters parameters)
    {
        var known = keys?.Current;
        var result = await base.ValidateTokenAsync(token, parameters);
        if (keys is null || !LacksKey(result))
            return result;

        await keys.RefreshAsync();
        if (keys.Current != known)
            result = await base.ValidateTokenAsync(token, parameters);
        return LacksKey(result) && keys.Problem is { } problem ? new() { IsValid = false, Exception = new UncheckedTokenException(problem) } : result;
    }

    /// <summary>Without anything from the provider its name is not known either.</summary>
    private bool LacksKey(TokenValidationResult result) =>
        result.Exception is SecurityTokenSignatureKeyNotFoundException || (result.Exception is SecurityTokenInvalidIssuerException && keys?.Current is null);

    /// <summary>The monotonic timestamp of the check, and the wall-clock time at which the token expires, clock skew included.</summary>
    private sealed record Found(Task<TokenValidationResult> Result, long At, DateTimeOffset End);
}
