using Npgsql;
using NpgsqlTypes;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>
/// A report in a temporary table of one session, so that PostgreSQL does the comparison, on disk if necessary. One runs at a time, by an
/// advisory lock of the session.
/// </summary>
internal sealed class ReportTable : IAsyncDisposable
{
    /// <summary>Rows of one COPY. A single one would be a transaction for as long as the upload takes, and hold up vacuum.</summary>
    private const int Batch = 5_000;

    private const string Create =
        """
        SET statement_timeout = 0;
        SET lock_timeout = 0;
        SET enable_seqscan = on;
        SET work_mem = '32MB';
        CREATE TEMP TABLE report (
            report_row bigint, subject text, reference text, charge text, amount numeric, currency text, created timestamptz, fee numeric,
            fee_currency text);
        """;

    private readonly NpgsqlConnection session;

    private ReportTable(NpgsqlConnection session) => this.session = session;

    internal NpgsqlConnection Session => session;

    /// <returns>Null when another reconciliation is running.</returns>
    internal static async Task<ReportTable?> TryCreateAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var table = new ReportTable(await database.OpenConnectionAsync(cancellationToken));
        try
        {
            await using var take = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtext('reconciliation'))", table.Session);
            if (await take.ExecuteScalarAsync(cancellationToken) is not true)
            {
                await table.DisposeAsync();
                return null;
            }

            await table.ExecuteAsync(Create, cancellationToken);
            return table;
        }
        catch
        {
            await table.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The pool resets a session only before its next use, and until then it would keep the lock and the table. If it cannot be asked any
    /// more, the server ends it.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ExecuteAsync("DROP TABLE IF EXISTS report; SELECT pg_advisory_unlock_all()", CancellationToken.None);
        }
        catch (Exception failure) when (failure is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            NpgsqlConnection.ClearPool(session);
        }

        await session.DisposeAsync();
    }

    /// <summary>Streams the rows into the table.</summary>
    internal async Task FillAsync(IAsyncEnumerable<ReportRow> rows, CancellationToken cancellationToken)
    {
        var batch = new List<ReportRow>(Batch);
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            batch.Add(row);
            if (batch.Count == Batch)
                await CopyAsync(batch, cancellationToken);
        }

        await CopyAsync(batch, cancellationToken);
        await ExecuteAsync("ANALYZE report", cancellationToken);
    }

    private async Task CopyAsync(List<ReportRow> batch, CancellationToken cancellationToken)
    {
        await using var copy = await session.BeginBinaryImportAsync("COPY report FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var row in batch)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(row.Row, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(row.IsRefund ? "refund" : "charge", NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Reference, NpgsqlDbType.Text, cancellationToken);
            if (row.Charge is null)
                await copy.WriteNullAsync(cancellationToken);
            else
                await copy.WriteAsync(row.Charge, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Amount, NpgsqlDbType.Numeric, cancellationToken);
            await copy.WriteAsync(row.Currency, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Created, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(row.Fee, NpgsqlDbType.Numeric, cancellationToken);
            await copy.WriteAsync(row.FeeCurrency, NpgsqlDbType.Text, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
        batch.Clear();
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, session) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
