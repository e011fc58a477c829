using System.Globalization;
using System.Runtime.CompilerServices;
using nietras.SeparatedValues;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>A charge, a refund or a chargeback in a report.</summary>
/// <param name="Row">Its row, where the header is row 1.</param>
/// <param name="IsRefund">Whether it is a refund or a chargeback; its amount is positive then.</param>
/// <param name="Reference">The charge, the refund or the dispute.</param>
/// <param name="Charge">The refunded or disputed charge, if the report tells it.</param>
/// <param name="Amount">Before fees, in units of the currency.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Created">In UTC.</param>
/// <param name="Fee">0 when the report tells none.</param>
/// <param name="FeeCurrency">ISO 4217 code.</param>
internal readonly record struct ReportRow(
    long Row, bool IsRefund, string Reference, string? Charge, decimal Amount, string Currency, DateTime Created, decimal Fee,
    string FeeCurrency);

/// <summary>Reads a report (CSV, RFC 4180) row by row: it may be larger than the memory.</summary>
internal sealed class ReportReader(ReportFormat format, ReconciliationOptions options)
{
    private const int MaxText = 255;

    /// <summary>Rows that are neither charges nor refunds nor chargebacks.</summary>
    internal long Ignored { get; private set; }

    /// <exception cref="ReportException">A row cannot be read.</exception>
    internal async IAsyncEnumerable<ReportRow> ReadAsync(Stream report, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bounded = new BoundedRows(report);
        using var reader = await OpenAsync(bounded, cancellationToken);
        var columns = format.FindIn(reader.Header);
        string? other = null;
        var hasPayments = false;
        while (await NextAsync(reader, bounded, cancellationToken))
        {
            if (Read(reader.Current, columns, ref other) is not { } row)
            {
                Ignored++;
                continue;
            }

            hasPayments = true;
            yield return row;
        }

        if (!hasPayments)
        {
            throw new ReportException(other is null
                ? "The report has no rows; send one with charges or refunds."
                : $"The report has neither '{options.Charge}' nor '{options.Refund}' in its column '{columns.Type[0].Name}', only such as "
                    + $"'{other}'. Set Payments__Reconciliation__Charge and Payments__Reconciliation__Refund to what it has.");
        }
    }

    private static async Task<SepReader> OpenAsync(BoundedRows report, CancellationToken cancellationToken)
    {
        try
        {
            return await Sep.New(',').Reader(reader => reader with { Unescape = true, CultureInfo = CultureInfo.InvariantCulture })
                .FromAsync(report, cancellationToken);
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidDataException or NotSupportedException)
        {
            throw new ReportException($"The report is no CSV with commas and a header: {ReportException.Quote(failure.Message)}");
        }
    }

    private static async Task<bool> NextAsync(SepReader reader, BoundedRows report, CancellationToken cancellationToken)
    {
        try
        {
            report.RowRead();
            return await reader.MoveNextAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is InvalidDataException or NotSupportedException)
        {
            // Sep names the row and its lines.
            throw new ReportException(
                $"The report is damaged: {ReportException.Quote(failure.Message)} Each row needs as many columns as the header.");
        }
    }

    private ReportRow? Read(SepReader.Row row, ReportColumns columns, ref string? other)
    {
        var at = (long)row.RowIndex + 1;
        var type = Value(row, columns.Type);
        var isRefund = type.SequenceEqual(options.Refund) || type.SequenceEqual(options.Chargeback ?? format.Chargeback);
        if (!isRefund && !type.SequenceEqual(options.Charge))
        {
            other ??= ReportException.Quote(type.ToString());
            return null;
        }

        var currency = Currency(row, at, columns.Currency);
        var feeCurrency = columns.FeeCurrency.Length == 0 ? currency : Currency(row, at, columns.FeeCurrency);
        var amount = Amount(row, at, columns.Amount, currency);
        return new(
            at, isRefund, Text(row, at, columns.Reference), columns.Charge.Length == 0 ? null : OptionalText(row, at, columns.Charge),
            isRefund ? Math.Abs(amount) : amount, currency, Created(row, at, columns.Created),
            Value(row, columns.Fee).IsEmpty ? 0 : Amount(row, at, columns.Fee, feeCurrency), feeCurrency);
    }

    private static ReadOnlySpan<char> Value(SepReader.Row row, (string Name, int Index)[] alternatives)
    {
        foreach (var (_, index) in alternatives)
        {
            if (row[index].Span.Trim() is { IsEmpty: false } value)
                return value;
        }

        return [];
    }

    private static string? OptionalText(SepReader.Row row, long at, (string Name, int Index)[] column) =>
        Value(row, column).IsEmpty ? null : Text(row, at, column);

    private static string Text(SepReader.Row row, long at, (string Name, int Index)[] column) =>
        Value(row, column) is { Length: > 0 and <= MaxText } text && text.IndexOf('\0') < 0 ? text.ToString()
            : throw Wrong(row, at, column, $"must have 1 to {MaxText} characters");

    private static string Currency(SepReader.Row row, long at, (string Name, int Index)[] column)
    {
        Span<char> code = stackalloc char[3];
        var text = Value(row, column);
        if (text.Length != code.Length || text.ToUpperInvariant(code) < 0 || !Money.TryGetDecimals(code.ToString(), out _))
            throw Wrong(row, at, column, "must be the ISO 4217 code of a currency, such as EUR");
        return string.Intern(code.ToString());
    }

    private decimal Amount(SepReader.Row row, long at, (string Name, int Index)[] column, string currency)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(Value(row, column), Style, CultureInfo.InvariantCulture, out var amount))
            throw Wrong(row, at, column, "must be an amount with a decimal point and without separators, such as -1234.50");
        if (!options.MinorUnits)
            return amount;
        Money.TryGetDecimals(currency, out var decimals);
        for (; decimals > 0; decimals--)
            amount /= 10;
        return amount;
    }

    private static DateTime Created(SepReader.Row row, long at, (string Name, int Index)[] column)
    {
        var text = Value(row, column);
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 1L << 36)
            return DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? time.UtcDateTime
                : throw Wrong(row, at, column, "must be a time, such as 2026-01-31 12:00:00 in UTC");
    }

    private static ReportException Wrong(SepReader.Row row, long at, (string Name, int Index)[] column, string what) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"Row {at}, column '{column[0].Name}': '{ReportException.Quote(Value(row, column).ToString())}' {what}. Correct the report, or "
                + $"the columns in Payments__Reconciliation__Columns__…"));

    /// <summary>
    /// Ends a row that never ends, as after an unpaired quote: the parser would keep all of it in memory. It reads ahead by a buffer.
    /// </summary>
    private sealed class BoundedRows(Stream inner) : Stream
    {
        private const int MaxBytes = 1024 * 1024;
        private int sinceRow;

        internal void RowRead() => sinceRow = 0;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(buffer, cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int read) => (sinceRow += read) <= MaxBytes
            ? read
            : throw new ReportException("A row of the report has more than a megabyte: a quote is not closed. Correct the report.");
    }
}
