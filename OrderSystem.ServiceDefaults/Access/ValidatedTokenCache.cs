using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Caches validated tokens, for a minute at most and never past the time at which validation rejects them, which is 30 s after they expire
/// (<see cref="TokenValidationParameters.ClockSkew"/>): callers send the same token with every request, and verifying its signature costs
/// more than storing an order. A withdrawn key is therefore trusted for up to a minute longer.
/// </summary>
internal sealed class ValidatedTokenCache(TimeProvider time, IssuerKeys? keys = null) : JsonWebTokenHandler
{
    private const int MaxEntries = 1_000;
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
        entries.TryGetValue(token, out var entry) && time.GetElapsedTime(entry.ValidatedAt) < MaxAge && entry.ExpiresAt > time.GetUtcNow()
            ? entry.Result
            : ValidateAndCacheAsync(token, validationParameters);

    private async Task<TokenValidationResult> ValidateAndCacheAsync(string token, TokenValidationParameters parameters)
    {
        var result = await ValidateAsync(token, parameters);
        if (!result.IsValid)
            return result;

        // RFC 7515, 4.1.11: a critical header that is not understood must be rejected; the library ignores it.
        if (((JsonWebToken)result.SecurityToken).TryGetHeaderValue<object>("crit", out _))
        {
            var unsupported = new SecurityTokenValidationException("The token has a critical header that this service does not support.");
            return new TokenValidationResult { IsValid = false, Exception = unsupported };
        }

        // Clients do not have this many valid tokens at once. If they are created to fill the cache, each request costs what it costs
        // without one.
        if (entries.Count >= MaxEntries)
            entries.Clear();
        var expiresAt = new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero) + parameters.ClockSkew;
        entries[token] = new(Task.FromResult(result), time.GetTimestamp(), expiresAt);
        return result;
    }

    /// <summary>Fetches the keys again when the token's key is unknown: the provider may have rotated its keys.</summary>
    private async Task<TokenValidationResult> ValidateAsync(string token, TokenValidationParameters parameters)
    {
        var known = keys?.Current;
        var result = await base.ValidateTokenAsync(token, parameters);
        if (keys is null || !IsKeyUnknown(result))
            return result;

        await keys.RefreshAsync();
        if (keys.Current != known)
            result = await base.ValidateTokenAsync(token, parameters);
        return IsKeyUnknown(result) && keys.Problem is { } problem
            ? new() { IsValid = false, Exception = new IssuerKeysUnavailableException(problem) }
            : result;
    }

    /// <summary>
    /// Before the first successful fetch the issuer is unknown too, and the library reports that instead of the missing key.
    /// </summary>
    private bool IsKeyUnknown(TokenValidationResult result) =>
        result.Exception is SecurityTokenSignatureKeyNotFoundException
        || (result.Exception is SecurityTokenInvalidIssuerException && keys?.Current is null);

    /// <summary>
    /// The monotonic timestamp of the validation, and the wall-clock time at which the token expires, clock skew included.
    /// </summary>
    private sealed record Entry(Task<TokenValidationResult> Result, long ValidatedAt, DateTimeOffset ExpiresAt);
}
