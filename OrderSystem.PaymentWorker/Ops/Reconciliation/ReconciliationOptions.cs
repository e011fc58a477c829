using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>Section <c>Payments:Reconciliation</c>: how the provider's settlement report looks.</summary>
internal sealed class ReconciliationOptions
{
    internal const string Section = $"{GatewayOptions.Section}:Reconciliation";

    /// <summary>Names of columns. Default: those of the provider.</summary>
    [Required]
    [ValidateObjectMembers]
    public ColumnNames Columns { get; set; } = new();

    /// <summary>What the column of the type contains for a charge. Default charge.</summary>
    [Required]
    public string Charge { get; set; } = "charge";

    /// <summary>What the column of the type contains for a refund. Default refund.</summary>
    [Required]
    public string Refund { get; set; } = "refund";

    /// <summary>What the column of the type contains for a chargeback. Default chargeback, of Stripe dispute.</summary>
    public string? Chargeback { get; set; }

    /// <summary>Whether amounts and fees are in the smallest unit of their currency, such as cents. Default: no.</summary>
    public bool MinorUnits { get; set; }

    /// <summary>
    /// Payments this close to the first or last row of the report are not missed in it: the clocks of both sides differ. A longer one
    /// tolerates more, and needs reports that overlap by it. Default 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Margin { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Largest report over HTTP, in bytes. Default 1 GiB.</summary>
    [Range(1, long.MaxValue)]
    public long MaxBytes { get; set; } = 1L << 30;

    /// <summary>Names of columns in the header of the report; null: that of the provider.</summary>
    internal sealed class ColumnNames
    {
        /// <summary>Whether the row is a charge, a refund, a chargeback, or something else, which is ignored.</summary>
        public string? Type { get; set; }

        /// <summary>The charge, the refund or the dispute at the provider.</summary>
        public string? Reference { get; set; }

        /// <summary>The charge that was refunded. Optional.</summary>
        public string? Charge { get; set; }

        /// <summary>When it happened: ISO 8601, in UTC without an offset, or seconds since 1970.</summary>
        public string? Created { get; set; }

        /// <summary>The amount before fees.</summary>
        public string? Amount { get; set; }

        /// <summary>ISO 4217 code.</summary>
        public string? Currency { get; set; }

        /// <summary>What the provider charges for it. Optional.</summary>
        public string? Fee { get; set; }

        /// <summary>Currency of the fee. Default: that of the amount.</summary>
        public string? FeeCurrency { get; set; }
    }
}
