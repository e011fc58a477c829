using System.Globalization;
using Npgsql;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>
/// The comparison of the report with the payments, in one transaction with its result. It reads every payment once, by hash joins.
/// </summary>
internal static class Comparison
{
    /// <summary>Findings that are stored; all of them are counted. So many are a wrong report, not a list to work off.</summary>
    internal const int MaxFindings = 100_000;

    /// <summary>
    /// A payment is charged from its success on, also while it is refunded. Of the refund of a cancelled order that a look-up found, or an
    /// operator resolved, the reference is not that of the report: then the refunded charge tells. What was given back of a paid order has
    /// its own row, a chargeback, too.
    /// </summary>
    private const string Find =
        """
        CREATE TEMP TABLE found ON COMMIT DROP AS
        WITH period AS (SELECT min(created) + $1 AS begins, max(created) - $1 AS ends FROM report),
        first AS (SELECT DISTINCT ON (subject, reference) * FROM report ORDER BY subject, reference, report_row),
        matched AS (
            SELECT r.*, p.order_id, p.amount AS here_amount, p.currency AS here_currency, 'the payment is ' || p.status AS state,
                coalesce(p.status IN ('succeeded', 'refunding', 'refunded'), false) AS is_here
            FROM first r LEFT JOIN payments p ON p.provider_reference = r.reference
            WHERE r.subject = 'charge'
            UNION ALL
            SELECT r.*, coalesce(f.order_id, p.order_id, c.order_id),
                coalesce(f.amount, p.amount - p.refunded_total, c.amount - c.refunded_total),
                coalesce(f.currency, p.currency, c.currency),
                coalesce('the refund is ' || f.status, 'the payment is ' || coalesce(p.status, c.status)),
                coalesce(f.status = 'succeeded', coalesce(p.status, c.status) = 'refunded', false)
            FROM first r
            LEFT JOIN refunds f ON f.provider_reference = r.reference
            LEFT JOIN payments p ON p.refund_reference = r.reference
            LEFT JOIN payments c ON c.provider_reference = r.charge
            WHERE r.subject = 'refund')
        SELECT CASE WHEN NOT is_here THEN 'missingHere' WHEN currency <> here_currency THEN 'otherCurrency' ELSE 'otherAmount' END AS kind,
            subject, reference, order_id, report_row, here_amount, here_currency, amount AS there_amount, currency AS there_currency,
            CASE WHEN is_here THEN NULL WHEN order_id IS NULL THEN 'no payment has this reference'
                ELSE state END AS detail
        FROM matched WHERE NOT is_here OR currency <> here_currency OR amount <> here_amount
        UNION ALL
        SELECT 'missingThere', 'charge', coalesce(p.provider_reference, ''), p.order_id, NULL, p.amount, p.currency, NULL, NULL,
            'the payment is ' || p.status
        FROM payments p, period
        WHERE p.status IN ('succeeded', 'refunding', 'refunded') AND p.created_at >= begins AND p.updated_at <= ends
            AND NOT EXISTS (SELECT FROM report r WHERE r.subject = 'charge' AND r.reference = p.provider_reference)
        UNION ALL
        SELECT 'missingThere', 'refund', coalesce(p.refund_reference, ''), p.order_id, NULL, p.amount - p.refunded_total, p.currency,
            NULL, NULL,
            'of the charge ' || coalesce(p.provider_reference, '')
        FROM payments p, period
        WHERE p.status = 'refunded' AND p.updated_at >= begins AND p.updated_at <= ends
            AND NOT EXISTS (SELECT FROM report r WHERE r.subject = 'refund' AND r.reference = p.refund_reference)
            AND NOT EXISTS (SELECT FROM report r WHERE r.subject = 'refund' AND r.charge = p.provider_reference)
        UNION ALL
        SELECT 'missingThere', 'refund', f.provider_reference, f.order_id, NULL, f.amount, f.currency, NULL, NULL,
            'refund ' || f.id || ', source ' || f.source
        FROM refunds f, period
        WHERE f.status = 'succeeded' AND f.updated_at >= begins AND f.updated_at <= ends
            AND NOT EXISTS (SELECT FROM report r WHERE r.subject = 'refund' AND r.reference = f.provider_reference)
        UNION ALL
        SELECT 'duplicate', subject, reference, NULL, max(report_row), NULL, NULL, NULL, NULL,
            'rows ' || min(report_row) || ' and ' || max(report_row) || ', ' || count(*) || ' in all'
        FROM report GROUP BY subject, reference HAVING count(*) > 1
        """;

    private const string Store =
        """
        WITH stored AS (
            INSERT INTO reconciliations (by, provider, period_from, period_to, charges, refunds, ignored, fees, findings)
            SELECT $1, $2, min(created), max(created), count(*) FILTER (WHERE subject = 'charge'),
                count(*) FILTER (WHERE subject = 'refund'), $3,
                (SELECT jsonb_object_agg(fee_currency, fees) FROM (
                    SELECT fee_currency, sum(fee) AS fees FROM report GROUP BY fee_currency) AS by_currency),
                coalesce((SELECT jsonb_object_agg(kind, found) FROM (
                    SELECT kind, count(*) AS found FROM found GROUP BY kind) AS by_kind), '{}')
            FROM report
            RETURNING id),
        findings AS (
            INSERT INTO reconciliation_findings (
                reconciliation_id, number, kind, subject, reference, order_id, report_row, here_amount, here_currency, there_amount,
                there_currency, detail)
            SELECT stored.id, row_number() OVER (ORDER BY kind, subject, report_row, reference), found.*
            FROM stored, found ORDER BY 2 LIMIT $4)
        SELECT id FROM stored
        """;

    /// <summary>A utility statement takes no parameters.</summary>
    private static string Interval(TimeSpan margin) =>
        string.Create(CultureInfo.InvariantCulture, $"interval '{margin.TotalSeconds} seconds'");

    /// <summary>Compares, and stores the result.</summary>
    /// <returns>The id of the reconciliation.</returns>
    internal static async Task<long> RunAsync(
        NpgsqlConnection session, TimeSpan margin, string by, string provider, long ignored, CancellationToken cancellationToken)
    {
        await using var transaction = await session.BeginTransactionAsync(cancellationToken);
        await using (var find = new NpgsqlCommand(Find.Replace("$1", Interval(margin), StringComparison.Ordinal), session))
        {
            find.CommandTimeout = 0;
            await find.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var store = new NpgsqlCommand(Store, session) { CommandTimeout = 0 };
        store.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        store.Parameters.Add(new NpgsqlParameter<string> { TypedValue = provider });
        store.Parameters.Add(new NpgsqlParameter<long> { TypedValue = ignored });
        store.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MaxFindings });
        var id = (long)(await store.ExecuteScalarAsync(cancellationToken))!;
        await transaction.CommitAsync(cancellationToken);
        return id;
    }
}
