using System.Text;
using OrderSystem.PaymentWorker.Ops.Reconciliation;
using Xunit;

namespace OrderSystem.Tests.Ops.Reconciliation;

/// <summary>How a settlement report is read, and what an unreadable one is answered.</summary>
[Fast]
public sealed class ReportReaderTests
{
    private const string Header = "type,reference,charge,created,currency,amount,fee\n";

    private const string StripeHeader =
        "balance_transaction_id,created_utc,created,currency,gross,fee,net,reporting_category,source_id,customer_facing_amount,"
        + "customer_facing_currency\n";

    [Fact]
    public async Task The_report_of_the_contract_is_read_by_row()
    {
        var (rows, reader) = await ReadAsync(
            Header + """"
            charge,ch_1,,2026-01-31T12:00:00.5Z,EUR,19.99,0.28
            refund,"re_""1""",ch_1,1769860800,eur,-19.99,
            payout,po_1,,never,EUR,x,
            charge,"ch_2, with
            a line",,2026-01-31 14:00:00+01:00,JPY,500,0

            """");

        Assert.Equal(
            [
                new ReportRow(2, false, "ch_1", null, 19.99m, "EUR", At(12, 0).AddMilliseconds(500), 0.28m, "EUR"),
                new ReportRow(3, true, "re_\"1\"", "ch_1", 19.99m, "EUR", At(12, 0), 0, "EUR"),
                new ReportRow(5, false, "ch_2, with\na line", null, 500, "JPY", At(13, 0), 0, "JPY"),
            ],
            rows);
        Assert.Equal(1, reader.Ignored);
    }

    /// <summary>An amount that Stripe converted is that of the customer; the fee is in the currency of the balance.</summary>
    [Fact]
    public async Task The_itemized_report_of_Stripe_is_built_in()
    {
        var (rows, reader) = await ReadAsync(
            StripeHeader + """
            txn_1,2026-01-31 12:00:00,2026-01-31 13:00:00,usd,21.71,0.93,20.78,charge,ch_1,19.99,eur
            txn_2,2026-01-31 12:05:00,2026-01-31 13:05:00,usd,10.00,0.59,9.41,charge,ch_2,,
            txn_3,2026-01-31 12:06:00,2026-01-31 13:06:00,usd,-10.00,0.00,-10.00,refund,re_2,,
            txn_4,2026-01-31 12:07:00,2026-01-31 13:07:00,usd,-0.50,0.00,-0.50,fee,,,

            """,
            isStripe: true);

        Assert.Equal(
            [
                new ReportRow(2, false, "ch_1", null, 19.99m, "EUR", At(12, 0), 0.93m, "USD"),
                new ReportRow(3, false, "ch_2", null, 10m, "USD", At(12, 5), 0.59m, "USD"),
                new ReportRow(4, true, "re_2", null, 10m, "USD", At(12, 6), 0, "USD"),
            ],
            rows);
        Assert.Equal(1, reader.Ignored);
    }

    [Fact]
    public async Task The_columns_of_another_report_are_configured()
    {
        var (rows, _) = await ReadAsync(
            "When,Kind,Id,Cents,Ccy\n2026-01-31 12:00:00,PAY,a,1999,KWD\n2026-01-31 12:00:00,BACK,b,5,JPY\n",
            options: new()
            {
                Charge = "PAY",
                Refund = "BACK",
                MinorUnits = true,
                Columns = new() { Type = "Kind", Reference = "Id", Created = "When", Amount = "Cents", Currency = "Ccy" },
            });

        Assert.Equal(
            [
                new ReportRow(2, false, "a", null, 1.999m, "KWD", At(12, 0), 0, "KWD"),
                new ReportRow(3, true, "b", null, 5, "JPY", At(12, 0), 0, "JPY"),
            ],
            rows);
    }

    [Theory]
    [InlineData("charge,ch_1,,2026-01-31,EUR,\"1,5\",0", "Row 3, column 'amount': '1,5' must be an amount with a decimal point")]
    [InlineData("charge,ch_1,,2026-01-31,EUR,1,free", "Row 3, column 'fee': 'free' must be an amount")]
    [InlineData("charge,ch_1,,yesterday,EUR,1,0", "Row 3, column 'created': 'yesterday' must be a time")]
    [InlineData("charge,ch_1,,2026-01-31,EURO,1,0", "Row 3, column 'currency': 'EURO' must be the ISO 4217 code")]
    [InlineData("charge,,,2026-01-31,EUR,1,0", "Row 3, column 'reference': '' must have 1 to 255 characters")]
    [InlineData("charge,ch_1,2026-01-31,EUR,1,0", "The report is damaged: ")]
    [InlineData("charge,ch_1,,2026-01-31,EUR,1,0,more", "The report is damaged: ")]
    public async Task A_malformed_row_is_named_with_what_to_do(string row, string message)
    {
        var wrong = await Assert.ThrowsAsync<ReportException>(
            () => ReadAsync($"{Header}charge,ch_0,,2026-01-31,EUR,1,0\n{row}\n"));
        Assert.StartsWith(message, wrong.Message, StringComparison.Ordinal);
        Assert.Matches("Correct the report|Each row needs", wrong.Message);
    }

    [Theory]
    [InlineData("", "The report")]
    [InlineData("a;b;c\n1;2;3\n", "Set Payments__Reconciliation__Columns__Type to the name of the column")]
    [InlineData("type,reference,created,currency\ncharge,a,2026-01-31,EUR\n", "Set Payments__Reconciliation__Columns__Amount")]
    [InlineData(Header, "The report has no rows")]
    [InlineData(Header + "PAY,a,,2026-01-31,EUR,1,0\n", "only such as 'PAY'. Set Payments__Reconciliation__Charge")]
    [InlineData("\0\u0001\u0002", "The report")]
    public async Task A_report_with_another_header_is_answered_with_the_setting(string report, string message) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<ReportException>(() => ReadAsync(report))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_quote_that_is_not_closed_does_not_fill_the_memory()
    {
        var report = new EndlessStream(Encoding.ASCII.GetBytes(Header + "charge,\"ch_1"));
        var wrong = await Assert.ThrowsAsync<ReportException>(() => ReadAsync(report, isStripe: false, new()));

        Assert.Contains("a quote is not closed", wrong.Message, StringComparison.Ordinal);
        Assert.InRange(report.Sent, 1, 4 * 1024 * 1024);
    }

    private static DateTime At(int hour, int minute) => new(2026, 1, 31, hour, minute, 0, DateTimeKind.Utc);

    private static Task<(List<ReportRow> Rows, ReportReader Reader)> ReadAsync(
        string report, bool isStripe = false, ReconciliationOptions? options = null) =>
        ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(report.ReplaceLineEndings("\n"))), isStripe, options ?? new());

    private static async Task<(List<ReportRow> Rows, ReportReader Reader)> ReadAsync(
        Stream report, bool isStripe, ReconciliationOptions options)
    {
        var reader = new ReportReader(ReportFormat.Of(isStripe, options.Columns), options);
        var rows = new List<ReportRow>();
        await foreach (var row in reader.ReadAsync(report, CancellationToken.None))
            rows.Add(row);
        return (rows, reader);
    }

    /// <summary>A beginning, and then the same letter without an end.</summary>
    private sealed class EndlessStream(byte[] beginning) : MemoryStream(beginning)
    {
        internal long Sent { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = Read(buffer.Span);
            if (read == 0)
            {
                buffer.Span.Fill((byte)'x');
                read = buffer.Length;
            }

            Sent += read;
            return ValueTask.FromResult(read);
        }
    }
}
