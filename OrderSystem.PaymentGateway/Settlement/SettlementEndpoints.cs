using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Settlement;

/// <summary>
/// <c>GET /settlement.csv?format=</c>: the report that a provider sends every day, here of the whole ledger, as the HTTP contract has it
/// (<c>http</c>), or like Stripe's itemized balance change from activity (<c>stripe</c>).
/// </summary>
internal static class SettlementEndpoints
{
    private const string HttpHeader = "type,reference,charge,order_id,created,currency,amount,fee";

    private const string StripeHeader =
        "balance_transaction_id,created_utc,created,currency,gross,fee,net,reporting_category,source_id,description,"
        + "customer_facing_amount,customer_facing_currency,charge_id";

    public static void MapSettlement(this IEndpointRouteBuilder routes) => routes.MapGet("/settlement.csv", Report);

    private static IResult Report(
        LedgerWriter ledger, FaultInjector faults, TimeProvider time, HttpContext http, string format = "http")
    {
        if (format is not ("http" or "stripe")) return Problems.Invalid("format", "The format must be http or stripe.");
        var isStripe = format == "stripe";
        return TypedResults.Stream(
            async body =>
            {
                await using var text = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
                await text.WriteLineAsync(isStripe ? StripeHeader : HttpHeader);
                await foreach (var line in LinesAsync(ledger, time.GetUtcNow(), faults.Settings.SettlementErrors, http.RequestAborted))
                    await text.WriteLineAsync(isStripe ? StripeRow(line) : HttpRow(line));
            },
            "text/csv");
    }

    /// <summary>
    /// The ledger without charges that were declined or are still being processed. With errors the second charge is missing, the third has
    /// another amount, and a charge that was never made follows it.
    /// </summary>
    private static async IAsyncEnumerable<LedgerLine> LinesAsync(
        LedgerWriter ledger, DateTimeOffset now, bool hasErrors, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var charges = 0;
        await foreach (var line in ledger.File.ReadAsync(cancellationToken))
        {
            if (line.Status != Entry.SucceededStatus || line.SettlesAt > now) continue;
            if (hasErrors && line.Kind == LedgerLine.ChargeKind && ++charges is 2 or 3)
            {
                if (charges == 2) continue;
                yield return line with { Amount = line.Amount + 1 };
                yield return line with { Id = $"{line.Id}_unknown", OrderId = Guid.NewGuid().ToString() };
                continue;
            }

            yield return line;
        }
    }

    private static string HttpRow(LedgerLine line) => string.Create(
        CultureInfo.InvariantCulture,
        $"{line.Kind},{line.Id},{line.ChargeId ?? line.Id},{Quoted(line.OrderId)},{line.At.UtcDateTime:O},{line.Currency},{Gross(line)},"
            + $"{FeeOf(line)}");

    private static string StripeRow(LedgerLine line) => string.Create(
        CultureInfo.InvariantCulture,
        $"txn_{line.Sequence},{line.At.UtcDateTime:yyyy-MM-dd HH:mm:ss},{line.At.UtcDateTime:yyyy-MM-dd HH:mm:ss},"
            + $"{line.Currency.ToLowerInvariant()},{Gross(line)},{FeeOf(line)},{Gross(line) - FeeOf(line)},{CategoryOf(line)},{line.Id},"
            + $"{Quoted(line.OrderId)},{Gross(line)},{line.Currency.ToLowerInvariant()},{line.ChargeId ?? line.Id}");

    private static string CategoryOf(LedgerLine line) => line.Kind == LedgerLine.ChargebackKind ? "dispute" : line.Kind;

    private static decimal Gross(LedgerLine line) => line.Kind == LedgerLine.ChargeKind ? line.Amount : -line.Amount;

    private static decimal FeeOf(LedgerLine line) => line.Kind == LedgerLine.ChargeKind ? Math.Round(line.Amount * 0.014m, 2) : 0;

    private static string Quoted(string? text) => text is null ? "" : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
