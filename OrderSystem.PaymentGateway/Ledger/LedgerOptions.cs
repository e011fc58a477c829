using System.ComponentModel.DataAnnotations;

namespace OrderSystem.PaymentGateway.Ledger;

internal sealed class LedgerOptions
{
    /// <summary>The file, relative to the content root.</summary>
    [Required]
    public string Path { get; set; } = ".data/payment-gateway/ledger.ndjson";

    /// <summary>Adds <c>DELETE /ledger</c>, for tests.</summary>
    public bool CanBeCleared { get; set; }
}
