using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// The keys that the OpenID provider signs with. What was fetched stays good for as long as nothing newer can be fetched. The library's own manager
/// makes requests queue for a provider that does not answer, and trusts withdrawn keys for an hour after newer ones came.
/// </summary>
internal sealed partial class IssuerKeys : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>, IDisposable
{
    private const int LargestAnswer = 1024 * 1024;

    /// <summary>Between the beginnings of two attempts, however many requests need keys.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>After this the keys are fetched again while requests go on with those that are there: so a withdrawn one is noticed.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromMinutes(30);

    /// <summary>For an attempt, and so for a request that waits for it.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();

    /// <summary>Of its own: the deadline and the repetitions are here.</summary>
    private readonly HttpClient http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { MaxResponseContentBufferSize = LargestAnswer };
    private readonly AccessOptions access;
    private readonly TimeProvider time;
    private readonly ILogger<IssuerKeys> logger;
    private Task attempt = Task.CompletedTask;
    private long? begunAt;
    private volatile Fetched? fetched;
    private volatile string? problem;

    public IssuerKeys(IOptions<AccessOptions> access, TimeProvider time, ILogger<IssuerKeys> logger)
    {
        (this.access, this.time, this.logger) = (access.Value, time, logger);
        UseLastKnownGoodConfiguration = false;
    }

    /// <summary>What was fetched last; another object when it was fetched again.</summary>
    internal OpenIdConnectConfiguration? Current => fetched?.Configuration;

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    internal string? Problem => problem;

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => await GetConfigurationAsync(cancel);

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        if (fetched is null)
            await RefreshAsync().WaitAsync(cancel);
        else if (time.GetElapsedTime(fetched.At) >= Freshness)
            _ = RefreshAsync();
        return Current ?? throw new InvalidOperationException(problem);
    }

    /// <summary>Does nothing: the library asks for this at any token that it refuses. <see cref="RecentTokens"/> asks when newer keys could matter.</summary>
    public override void RequestRefresh()
    {
    }

    /// <summary>
    /// Fetches the keys unless that was tried a moment ago. Ends with the attempt; at once while the provider is away, because an attempt goes on
    /// behind the callers then.
    /// </summary>
    internal Task RefreshAsync()
    {
        lock (gate)
        {
            if (attempt.IsCompleted && (begunAt is not { } begun || time.GetElapsedTime(begun) >= Pause))
            {
                begunAt = time.GetTimestamp();
                attempt = Task.Run(FetchAsync);
            }

            return problem is null ? attempt : Task.CompletedTask;
        }
    }

    /// <summary>Whatever the provider answers, what was fetched before stays good.</summary>
    private async Task FetchAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        try
        {
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(access.MetadataAddress, new Documents(http, access.MustBeHttps), deadline.Token);
            if (configuration.SigningKeys.Count == 0 || string.IsNullOrEmpty(configuration.Issuer))
                throw new InvalidDataException("it publishes no keys, or no issuer");
            fetched = new(configuration, time.GetTimestamp());
            if (problem is not null)
                Log.Fetched(logger);
            problem = null;
        }
        catch (Exception failure)
        {
            var why = deadline.IsCancellationRequested ? $"no answer within {Deadline.TotalSeconds:0} s" : failure.GetBaseException().Message;
            if (problem is null)
                Log.Away(logger, why, fetched is null ? "Requests are answered 503 until they can" : "Tokens of the keys that are known are still accepted");
            problem = $"The keys of the identity provider cannot be fetched: {why}";
        }
    }

    public void Dispose() => http.Dispose();

    private sealed record Fetched(OpenIdConnectConfiguration Configuration, long At);

    /// <summary>The library's own hides in its messages what went wrong.</summary>
    private sealed class Documents(HttpClient http, bool mustBeHttps) : IDocumentRetriever
    {
        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) => !mustBeHttps || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            ? http.GetStringAsync(address, cancel)
            : throw new InvalidDataException("its keys are not at an https address");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "Keys of the identity provider cannot be fetched: {Why}. {Consequence}")]
        internal static partial void Away(ILogger logger, string why, string consequence);

        [LoggerMessage(EventId = 104, Level = LogLevel.Information, Message = "Keys of the identity provider were fetched again")]
        internal static partial void Fetched(ILogger logger);
    }
}
