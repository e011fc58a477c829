using System.ComponentModel.DataAnnotations;

namespace OrderSystem.OrderApi.Ops.Worker;

/// <summary>Part of section <c>Audit</c>: the payment worker, for the audit and for timelines.</summary>
internal sealed class WorkerOptions : IValidatableObject
{
    internal const string Section = "Audit";

    /// <summary>
    /// Base address of a payment worker, such as http://localhost:5081. Default: none, and the worker's part is reported as missing.
    /// </summary>
    public Uri? WorkerUrl { get; set; }

    /// <summary>
    /// Token for it, with the scope orders.ops. Default: none; then only requests of operators reach it, with their token.
    /// </summary>
    public string? WorkerToken { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => WorkerUrl is { } url && !IsHttp(url)
        ? [new ValidationResult(
            $"{Section}__{nameof(WorkerUrl)} must be an absolute http or https address, such as http://localhost:5081.",
            [nameof(WorkerUrl)])]
        : [];

    internal static bool IsHttp(Uri url) => url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}
