using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Section <c>Payments</c>: the payment provider, with timeouts, retries and circuit breaker.</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    internal const string Section = "Payments";

    private const string Http = "http";
    private const string StripeName = "stripe";

    /// <summary><c>http</c>: the contract of docs/payment-providers.md; <c>stripe</c>. Default http.</summary>
    public string Provider { get; set; } = Http;

    /// <summary>Base address of the provider with the contract over HTTP. Required for it.</summary>
    public Uri? GatewayUrl { get; set; }

    /// <summary>
    /// Secret that signs the webhooks of the contract over HTTP, <c>whsec_…</c> with 24 to 64 bytes in base64; two, separated by white
    /// space, while it is rotated. Default: none, and webhooks are not accepted.
    /// </summary>
    public string? WebhookSecret { get; set; }

    /// <summary>The account at Stripe.</summary>
    [Required]
    public StripeOptions Stripe { get; set; } = new();

    /// <summary>Sent as <c>Authorization: Bearer …</c> with every call. Default: none.</summary>
    public string? BearerToken { get; set; }

    /// <summary>Headers of every call, such as an API key. Default: none.</summary>
    public Dictionary<string, string> Headers { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Limit for establishing a connection. A higher one waits longer for a host that is down. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Limit of one attempt; keep it above the provider's p99. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Limit of a call with all its attempts. Must be below JetStream:AckWait, or the order is redelivered meanwhile. Default 12 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(12);

    /// <summary>Retries after the first attempt, each with the same key and the same bytes. Default 2.</summary>
    [Range(1, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>Delay before the first retry: exponential backoff with jitter, overridden by Retry-After. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:30")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long the provider remembers an idempotency key. Later the same key could charge again, so only look-ups are made. Default 20 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromHours(20);

    /// <summary>
    /// When an unknown outcome is looked up again; after the last time it goes to manual review. Default 1, 5, 15 and 60 minutes.
    /// </summary>
    public TimeSpan[]? ReconcileAfter { get; set; }

    /// <summary>
    /// Used while <see cref="ReconcileAfter"/> is null: the binder would append configured values to a default instead of replacing it.
    /// </summary>
    internal static TimeSpan[] DefaultReconcileAfter { get; } =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(60)];

    /// <summary>
    /// When the provider is asked for the outcome of a payment that it is processing, from its answer on; after the last time again and
    /// again, as far apart as the last time is from the answer. Webhooks come sooner. Default 1, 5, 15 and 60 minutes, then hourly.
    /// </summary>
    public TimeSpan[]? ProcessingLookUps { get; set; }

    /// <summary>Used while <see cref="ProcessingLookUps"/> is null.</summary>
    internal static TimeSpan[] DefaultProcessingLookUps => DefaultReconcileAfter;

    /// <summary>
    /// How long the provider may process a payment; then it goes to manual review. Bank debits take up to two weeks. Default 14 days.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "90.00:00:00")]
    public TimeSpan ProcessingLimit { get; set; } = TimeSpan.FromDays(14);

    /// <summary>The circuit breaker.</summary>
    [Required]
    [ValidateObjectMembers]
    public BreakerOptions Breaker { get; set; } = new();

    /// <summary>The retry budget.</summary>
    [Required]
    [ValidateObjectMembers]
    public RetryBudgetOptions RetryBudget { get; set; } = new();

    /// <summary>
    /// Lease of a payment for the worker that calls the provider: longer than a look-up, a charge and the commit after them.
    /// </summary>
    internal TimeSpan Lease => (2 * TotalTimeout) + TimeSpan.FromSeconds(5);

    /// <summary>Name of the provider in the address of its webhooks.</summary>
    internal string ProviderName => IsStripe ? StripeName : Http;

    internal bool IsStripe => StripeName.Equals(Provider, StringComparison.OrdinalIgnoreCase);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        (IsStripe ? Stripe.Validate()
        : Http.Equals(Provider, StringComparison.OrdinalIgnoreCase) ? ValidateUrl()
        : [new($"{Section}__{nameof(Provider)} is not a provider; set it to {Http} or {StripeName}.", [nameof(Provider)])])
        .Concat(ProviderCredentials.Validate(this)).Concat(WebhookSecrets.Validate(this)).Concat(ValidateLookUps());

    private IEnumerable<ValidationResult> ValidateLookUps()
    {
        if (ProcessingLookUps?.Any(time => time < TimeSpan.FromSeconds(0.1)) == true)
        {
            yield return new(
                $"{Section}__{nameof(ProcessingLookUps)} must be times of at least 100 ms, such as 00:01:00.", [nameof(ProcessingLookUps)]);
        }
    }

    internal static bool IsHttp(Uri url) =>
        url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);

    private IEnumerable<ValidationResult> ValidateUrl()
    {
        if (GatewayUrl is null)
        {
            yield return new(
                $"{Section}__{nameof(GatewayUrl)} is not set; set it to the base address of the payment provider, such as "
                    + "http://localhost:5090.",
                [nameof(GatewayUrl)]);
        }
        else if (!IsHttp(GatewayUrl))
        {
            yield return new(
                $"{Section}__{nameof(GatewayUrl)} must be an absolute http or https address, such as http://localhost:5090.",
                [nameof(GatewayUrl)]);
        }
    }

    /// <summary>
    /// Section <c>Payments:Breaker</c>. Calls without an outcome are failures; a declined or refused charge and a key in use (409) are not.
    /// </summary>
    internal sealed class BreakerOptions
    {
        /// <summary>Failure ratio at which the circuit opens. Default 0.5.</summary>
        [Range(0.01, 1.0)]
        public double FailureRatio { get; set; } = 0.5;

        /// <summary>Minimum calls within the window to open the circuit. Default 6: six failures in a row open it.</summary>
        [Range(2, 10_000)]
        public int MinimumCalls { get; set; } = 6;

        /// <summary>Sampling window. Default 30 s.</summary>
        [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")]
        public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(30);

        /// <summary>How long the circuit stays open before a half-open probe; doubles with each failed probe. Default 15 s.</summary>
        [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")]
        public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(15);

        /// <summary>Upper limit of the break duration. Default 60 s.</summary>
        [Range(typeof(TimeSpan), "00:00:00.5", "01:00:00")]
        public TimeSpan MaxBreakDuration { get; set; } = TimeSpan.FromSeconds(60);
    }

    /// <summary>Section <c>Payments:RetryBudget</c>, for each worker. First attempts do not consume it.</summary>
    internal sealed class RetryBudgetOptions
    {
        /// <summary>
        /// Retries allowed per first attempt. A higher ratio hides more errors, and adds load to a failing provider. Default 0.1.
        /// </summary>
        [Range(0.0, 1.0)]
        public double Ratio { get; set; } = 0.1;

        /// <summary>Retries per second in addition, to drain open payments when there are no new ones. Default 1.</summary>
        [Range(0.1, 10_000)]
        public double PerSecond { get; set; } = 1;

        /// <summary>Maximum of retries that can accumulate. Default 20.</summary>
        [Range(2, 100_000)]
        public int Burst { get; set; } = 20;
    }
}
