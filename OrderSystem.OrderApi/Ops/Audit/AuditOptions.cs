using System.ComponentModel.DataAnnotations;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>
/// Section <c>Audit</c>: the sources besides this service's database. Checks whose source is not set are reported as not checked.
/// </summary>
internal sealed class AuditOptions : IValidatableObject
{
    internal const string Section = "Audit";

    /// <summary>Base address of a payment worker, such as http://localhost:5081.</summary>
    public Uri? WorkerUrl { get; set; }

    /// <summary>
    /// Bearer token for the worker, with scope orders.ops. Without it the operator's own token is forwarded, which scheduled audits do not
    /// have. Default: none.
    /// </summary>
    public string? WorkerToken { get; set; }

    /// <summary>Address of the provider's ledger; without a path, <c>/ledger</c> is used.</summary>
    public Uri? LedgerUrl { get; set; }

    /// <summary>How long a source may take to start its response, and for each line of it. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Interval of scheduled audits; one of the instances runs each. An audit reads every order. Default: none are scheduled.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan? Every { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, url) in new[] { (nameof(WorkerUrl), WorkerUrl), (nameof(LedgerUrl), LedgerUrl) })
        {
            if (url is not null && !(url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)))
                yield return new ValidationResult($"Audit__{name} must be an absolute http or https address, such as http://localhost:5081.", [name]);
        }
    }
}
