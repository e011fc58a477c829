using System.ComponentModel.DataAnnotations;
using OrderSystem.OrderApi.Ops.Worker;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>
/// Part of section <c>Audit</c>: the audit itself. The payment worker's address is in <see cref="WorkerOptions"/>. Checks whose source
/// is not set are not made.
/// </summary>
internal sealed class AuditOptions : IValidatableObject
{
    internal const string Section = "Audit";

    /// <summary>Address of the provider's ledger; without a path, <c>/ledger</c> is meant. Default: none.</summary>
    public Uri? LedgerUrl { get; set; }

    /// <summary>Timeout of a source until its first line, and of each line. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often one of the instances runs the audit. It reads every order. Default: never.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan? Every { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => LedgerUrl is { } url && !WorkerOptions.IsHttp(url)
        ? [new ValidationResult(
            $"{Section}__{nameof(LedgerUrl)} must be an absolute http or https address, such as http://localhost:5081.",
            [nameof(LedgerUrl)])]
        : [];
}
