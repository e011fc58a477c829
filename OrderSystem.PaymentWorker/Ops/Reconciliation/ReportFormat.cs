using nietras.SeparatedValues;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>
/// The columns of a report, each with alternatives: of those that the report has, the first one that is not empty in a row counts.
/// </summary>
internal sealed record ReportFormat(
    string[] Type, string[] Reference, string[] Charge, string[] Created, string[] Amount, string[] Currency, string[] Fee,
    string[] FeeCurrency)
{
    /// <summary>What the column of the type contains for a chargeback.</summary>
    internal string Chargeback { get; private init; } = "chargeback";

    /// <summary>The report of the HTTP contract, which the simulator writes.</summary>
    private static readonly ReportFormat Http = new(
        ["type"], ["reference"], ["charge"], ["created"], ["amount"], ["currency"], ["fee"], ["currency"]);

    /// <summary>
    /// Stripe's itemized balance change from activity. An amount that Stripe converted is compared as the customer paid it; its fee is in
    /// the currency of the balance.
    /// </summary>
    private static readonly ReportFormat Stripe = new(
        ["reporting_category"], ["source_id"], ["charge_id"], ["created_utc", "created"], ["customer_facing_amount", "gross"],
        ["customer_facing_currency", "currency"], ["fee"], ["currency"]) { Chargeback = "dispute" };

    /// <summary>That of the provider, with the configured names instead of its own.</summary>
    internal static ReportFormat Of(bool isStripe, ReconciliationOptions.ColumnNames names)
    {
        var format = isStripe ? Stripe : Http;
        return format with
        {
            Type = Named(names.Type, format.Type),
            Reference = Named(names.Reference, format.Reference),
            Charge = Named(names.Charge, format.Charge),
            Created = Named(names.Created, format.Created),
            Amount = Named(names.Amount, format.Amount),
            Currency = Named(names.Currency, format.Currency),
            Fee = Named(names.Fee, format.Fee),
            FeeCurrency = Named(names.FeeCurrency ?? names.Currency, format.FeeCurrency),
        };

        static string[] Named(string? name, string[] otherwise) => string.IsNullOrWhiteSpace(name) ? otherwise : [name];
    }

    /// <summary>Where the columns are in a report with this header.</summary>
    /// <exception cref="ReportException">A required column is missing.</exception>
    internal ReportColumns FindIn(SepReaderHeader header)
    {
        return new(
            Find(nameof(Type), Type), Find(nameof(Reference), Reference), Find(nameof(Charge), Charge, isRequired: false),
            Find(nameof(Created), Created), Find(nameof(Amount), Amount), Find(nameof(Currency), Currency),
            Find(nameof(Fee), Fee, isRequired: false), Find(nameof(FeeCurrency), FeeCurrency, isRequired: false));

        (string, int)[] Find(string setting, string[] names, bool isRequired = true)
        {
            var found = names.Where(name => header.TryIndexOf(name, out _)).Select(name => (name, header.IndexOf(name))).ToArray();
            return found.Length > 0 || !isRequired ? found : throw new ReportException(
                $"The report has no column '{names[^1]}'. Its columns are {ReportException.Quote(string.Join(", ", header.ColNames))}. "
                + $"Set Payments__Reconciliation__Columns__{setting} to the name of the column.");
        }
    }
}

/// <summary>Names and indices of the columns of one report, see <see cref="ReportFormat"/>.</summary>
internal sealed record ReportColumns(
    (string Name, int Index)[] Type, (string Name, int Index)[] Reference, (string Name, int Index)[] Charge,
    (string Name, int Index)[] Created, (string Name, int Index)[] Amount, (string Name, int Index)[] Currency,
    (string Name, int Index)[] Fee, (string Name, int Index)[] FeeCurrency);

/// <summary>A report cannot be read; the message names the row and the column, and says what to do.</summary>
internal sealed class ReportException(string message) : Exception(message)
{
    private const int MaxQuoted = 200;

    /// <summary>Text of the report for a message: cut, and without control characters.</summary>
    internal static string Quote(string text)
    {
        var cut = text.Length > MaxQuoted ? $"{text[..MaxQuoted]}…" : text;
        return new([.. cut.Select(character => char.IsControl(character) ? ' ' : character)]);
    }
}
