using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Section <c>Payments</c>: the payment provider, and how patient the worker is with it.</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    internal const string Section = "Payments";

    /// <summary>Base address of the provider.</summary>
    [Required(ErrorMessage = "Payments__GatewayUrl is not set; set it to the base address of the payment provider, such as http://localhost:5090.")]
    public Uri? GatewayUrl { get; set; }

    /// <summary>Sent as <c>Authorization: Bearer …</c> with every call. Default: none.</summary>
    public string? BearerToken { get; set; }

    /// <summary>Headers of every call, such as an API key. Default: none.</summary>
    public Dictionary<string, string> Headers { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long a connection may take. Longer waits for a host that is gone. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one attempt may take, above the provider's p99. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a charge may take with all its attempts. It has to stay below JetStream:AckWait. Default 12 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(12);

    /// <summary>Attempts after the first. Each carries the same key and the same bytes. Default 2.</summary>
    [Range(1, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>The wait before the second attempt; it grows, with jitter, and Retry-After overrides it. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:30")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>For how long the provider keeps a key. After it the same key could charge again, so only a look-up is left. Default 20 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromHours(20);

    /// <summary>When an unknown outcome is looked up again; after the last one a person has to look. Default 1, 5, 15 and 60 minutes.</summary>
    public TimeSpan[]? ReconcileAfter { get; set; }

    /// <summary>Null above means these: the binder would add configured values to a default instead of replacing it.</summary>
    internal static TimeSpan[] DefaultReconcileAfter { get; } = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(60)];

    /// <summary>The circuit breaker.</summary>
    [Required]
    [ValidateObjectMembers]
    public BreakerOptions Breaker { get; set; } = new();

    /// <summary>What may be repeated.</summary>
    [Required]
    [ValidateObjectMembers]
    public RetryBudgetOptions RetryBudget { get; set; } = new();

    /// <summary>How long a payment belongs to the worker that asks the provider: longer than a look-up, a charge and the commit after them may take.</summary>
    internal TimeSpan Lease => (2 * TotalTimeout) + TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => ProviderCredentials.Validate(this);

    /// <summary>Section <c>Payments:Breaker</c>. Counts every call that brought no outcome; a declined or refused charge is one, and a key in use says nothing.</summary>
    internal sealed class BreakerOptions
    {
        /// <summary>Share of failures at which it opens. Default 0.5.</summary>
        [Range(0.01, 1.0)]
        public double FailureRatio { get; set; } = 0.5;

        /// <summary>Calls within the window below which it stays closed: six failures in a row open it. Default 6.</summary>
        [Range(2, 10_000)]
        public int MinimumCalls { get; set; } = 6;

        /// <summary>The window that is looked at. Default 30 s.</summary>
        [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")]
        public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(30);

        /// <summary>How long it stays open before one call may probe; it doubles with each failed probe. Default 15 s.</summary>
        [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")]
        public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(15);

        /// <summary>The longest that it grows to. Default 60 s.</summary>
        [Range(typeof(TimeSpan), "00:00:00.5", "01:00:00")]
        public TimeSpan MaxBreakDuration { get; set; } = TimeSpan.FromSeconds(60);
    }

    /// <summary>Section <c>Payments:RetryBudget</c>, for each worker. First attempts are not counted.</summary>
    internal sealed class RetryBudgetOptions
    {
        /// <summary>Repetitions that each first attempt makes room for. More hides more errors, and loads a provider that is ill. Default 0.1.</summary>
        [Range(0.0, 1.0)]
        public double Ratio { get; set; } = 0.1;

        /// <summary>Repetitions a second beside these: what drains the open payments when there are no new ones. Default 1.</summary>
        [Range(0.1, 10_000)]
        public double PerSecond { get; set; } = 1;

        /// <summary>The most that can be saved up. Default 20.</summary>
        [Range(2, 100_000)]
        public int Burst { get; set; } = 20;
    }
}
