using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// The signing keys of the OpenID provider. The last fetched keys stay valid while newer ones cannot be fetched. Replaces the library's own
/// manager, which queues requests behind a provider that does not respond and trusts withdrawn keys for an hour after newer ones arrived.
/// </summary>
internal sealed partial class IssuerKeys : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>, IDisposable
{
    private const int MaxResponseBytes = 1024 * 1024;

    /// <summary>Minimum time between the starts of two fetches, however many requests need keys.</summary>
    internal static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>Age at which the keys are fetched again in the background, so that a withdrawn key is noticed.</summary>
    internal static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);

    /// <summary>Limit of one fetch, and so of a request that waits for it.</summary>
    internal static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();

    /// <summary>Not from the factory, whose defaults retry: timeout and retries are in this class.</summary>
    private readonly HttpClient http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        MaxResponseContentBufferSize = MaxResponseBytes,
    };

    private readonly AccessOptions access;
    private readonly TimeProvider time;
    private readonly ILogger<IssuerKeys> logger;
    private Task fetch = Task.CompletedTask;
    private long? startedAt;
    private volatile Fetched? fetched;
    private volatile string? problem;

    public IssuerKeys(IOptions<AccessOptions> access, TimeProvider time, ILogger<IssuerKeys> logger)
    {
        (this.access, this.time, this.logger) = (access.Value, time, logger);
        UseLastKnownGoodConfiguration = false;
    }

    /// <summary>The last fetched configuration, or null; each fetch creates a new object.</summary>
    internal OpenIdConnectConfiguration? Current => fetched?.Configuration;

    /// <summary>Why the last fetch failed; null when it succeeded.</summary>
    internal string? Problem => problem;

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) =>
        await GetConfigurationAsync(cancel);

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        if (fetched is null)
            await RefreshAsync().WaitAsync(cancel);
        else if (time.GetElapsedTime(fetched.At) >= StaleAfter)
            _ = RefreshAsync();
        return Current ?? throw new InvalidOperationException(problem);
    }

    /// <summary>
    /// Does nothing: the library calls this for every token that it rejects. <see cref="ValidatedTokenCache"/> fetches when newer keys
    /// could matter.
    /// </summary>
    public override void RequestRefresh()
    {
    }

    /// <summary>
    /// Fetches the keys, unless the last fetch started less than <see cref="RetryInterval"/> ago. Completes with the fetch; while the
    /// provider is unavailable it completes at once and the fetch continues in the background.
    /// </summary>
    internal Task RefreshAsync()
    {
        lock (gate)
        {
            if (fetch.IsCompleted && (startedAt is not { } started || time.GetElapsedTime(started) >= RetryInterval))
            {
                startedAt = time.GetTimestamp();
                fetch = Task.Run(FetchAsync);
            }

            return problem is null ? fetch : Task.CompletedTask;
        }
    }

    /// <summary>Never throws: a failed fetch leaves the cached keys valid.</summary>
    private async Task FetchAsync()
    {
        using var deadline = new CancellationTokenSource(FetchTimeout, time);
        try
        {
            var documents = new DocumentRetriever(http, access.MustBeHttps);
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(access.MetadataAddress, documents, deadline.Token);
            if (configuration.SigningKeys.Count == 0 || string.IsNullOrEmpty(configuration.Issuer))
                throw new InvalidDataException("the provider publishes no keys or no issuer");
            fetched = new(configuration, time.GetTimestamp());
            if (problem is not null)
                Log.Fetched(logger);
            problem = null;
        }
        catch (Exception failure)
        {
            var why = deadline.IsCancellationRequested
                ? $"no response within {FetchTimeout.TotalSeconds:0} s"
                : failure.GetBaseException().Message;
            var consequence = fetched is null
                ? "requests get 503 until a fetch succeeds"
                : "tokens signed with the cached keys are still accepted";
            if (problem is null)
                Log.FetchFailed(logger, why, consequence);
            problem = $"The keys of the identity provider could not be fetched: {why}";
        }
    }

    public void Dispose() => http.Dispose();

    private sealed record Fetched(OpenIdConnectConfiguration Configuration, long At);

    /// <summary>The library's own retriever does not include the cause in its messages.</summary>
    private sealed class DocumentRetriever(HttpClient http, bool mustBeHttps) : IDocumentRetriever
    {
        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
            !mustBeHttps || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                ? http.GetStringAsync(address, cancel)
                : throw new InvalidDataException("the provider names an address of its keys that is not https");
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 103, Level = LogLevel.Warning, Message = "Identity provider keys could not be fetched ({Why}); {Consequence}.")]
        internal static partial void FetchFailed(ILogger logger, string why, string consequence);

        [LoggerMessage(
            EventId = 104, Level = LogLevel.Information,
            Message = "Identity provider keys fetched again; tokens are validated with the current keys.")]
        internal static partial void Fetched(ILogger logger);
    }
}
