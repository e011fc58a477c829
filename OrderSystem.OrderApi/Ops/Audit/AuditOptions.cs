using System.ComponentModel.DataAnnotations;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>Section <c>Audit</c>: whom to ask for what this service's database does not hold. What is not set is reported as not checked.</summary>
internal sealed class AuditOptions : IValidatableObject
{
    internal const string Section = "Audit";

    /// <summary>Base address of a payment worker, such as http://localhost:5081.</summary>
    public Uri? WorkerUrl { get; set; }

    /// <summary>A token for it, with the scope orders.ops. Without one only operators get an answer from it, with theirs. Default: none.</summary>
    public string? WorkerToken { get; set; }

    /// <summary>Address of the provider's ledger; without a path, <c>/ledger</c> is meant.</summary>
    public Uri? LedgerUrl { get; set; }

    /// <summary>How long one of them may take to begin its answer, and for each line of it. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often one of the instances runs it by itself. It reads every order. Default: never.</summary>
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
