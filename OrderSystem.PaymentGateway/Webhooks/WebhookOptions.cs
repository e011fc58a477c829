using System.ComponentModel.DataAnnotations;

namespace OrderSystem.PaymentGateway.Webhooks;

/// <summary>Section <c>Webhooks</c>: where the provider reports what becomes of charges.</summary>
internal sealed class WebhookOptions : IValidatableObject
{
    private const string Prefix = "whsec_";

    /// <summary>Address of the receiver; the name of the API, <c>/http</c> or <c>/stripe</c>, is added. Default: no webhooks.</summary>
    public Uri? Url { get; set; }

    /// <summary>Signs every webhook: <c>whsec_</c> and base64.</summary>
    public string? Secret { get; set; }

    /// <summary>The key of the contract over HTTP; Stripe signs with the text of the secret.</summary>
    public byte[] ReadKey() => Convert.FromBase64String(Secret![Prefix.Length..]);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Url is null || (Secret?.StartsWith(Prefix, StringComparison.Ordinal) == true
            && Convert.TryFromBase64String(Secret[Prefix.Length..], new byte[Secret.Length], out _))
            ? []
            : [new ValidationResult("Webhooks__Secret must be whsec_ and base64 when Webhooks__Url is set.", [nameof(Secret)])];
}
