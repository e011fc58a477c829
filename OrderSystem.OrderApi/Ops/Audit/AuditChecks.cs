namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>The data that a check needs besides this service's own database.</summary>
[Flags]
internal enum AuditSource
{
    None = 0,
    Ledger = 1,
    Payments = 2,
    WorkerEvents = 4,
    OrdersStream = 8,
    PaymentsStream = 16,
    Webhooks = 32,
    Reconciliation = 64,
}

/// <summary>One check of an invariant.</summary>
/// <param name="Invariant">The invariant, I1 to I5.</param>
/// <param name="Text">What must hold, in words.</param>
/// <param name="Needs">What has to be loaded first.</param>
/// <param name="Sql">Selects the violations: subject and description. $1 is the start of the grace period; later changes may be in
/// progress.</param>
internal sealed record AuditCheck(string Invariant, string Text, AuditSource Needs, string Sql);

/// <summary>
/// The invariants as queries over this service's database and the tables that <see cref="AuditLoad"/> fills. Where a comparison needs
/// settled data, orders that changed within the grace period are left out.
/// </summary>
internal static class AuditChecks
{
    internal static IReadOnlyList<AuditCheck> All { get; } =
    [
        new("I1", "every order has its creation event, with its total and currency", AuditSource.None,
            """
            SELECT o.id::text, CASE WHEN e.order_id IS NULL THEN 'has no creation event'
                ELSE 'its creation event has a different total or currency' END
            FROM orders o LEFT JOIN events e ON e.order_id = o.id AND e.version = 1 AND e.type = 'orders.created.v1'
            WHERE o.created_at < $1 AND (e.order_id IS NULL
                OR ((convert_from(e.payload, 'UTF8')::jsonb ->> 'total')::numeric, convert_from(e.payload, 'UTF8')::jsonb ->> 'currency')
                IS DISTINCT FROM (o.total, o.currency))
            """),
        new("I1", "every event belongs to an order", AuditSource.None,
            """
            SELECT e.order_id::text, e.type || ' of an order that does not exist'
            FROM events e WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = e.order_id)
            """),
        new("I1", "every Idempotency-Key refers to an order", AuditSource.None,
            """
            SELECT k.order_id::text, 'an idempotency key refers to an order that does not exist'
            FROM idempotency_keys k WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = k.order_id)
            """),
        new("I2", "the outbox of the order API is empty", AuditSource.None,
            """
            SELECT e.order_id::text,
                e.type || CASE WHEN w.parked_at IS NULL THEN ' waits in the outbox' ELSE ' is parked: ' || coalesce(w.last_error, '') END
            FROM audit_outbox w JOIN events e USING (order_id, version) WHERE e.occurred_at < $1 AND w.republished_at < $1
            """),
        new("I2", "every event of the order API is in its stream or waits in the outbox", AuditSource.OrdersStream,
            """
            SELECT e.order_id::text, e.type || ' is neither in ORDERS nor in the outbox'
            FROM events e, audit_streams t
            WHERE t.stream = 'ORDERS' AND e.occurred_at >= t.since AND e.occurred_at < $1
              AND NOT EXISTS (SELECT FROM audit_streamed s WHERE s.event_id = e.event_id)
              AND NOT EXISTS (SELECT FROM audit_outbox w WHERE w.order_id = e.order_id AND w.version = e.version)
            """),
        new("I2", "the outbox of the payment worker is empty", AuditSource.WorkerEvents,
            "SELECT order_id::text, type || ' waits in the outbox' FROM audit_events WHERE waiting_since < $1"),
        new("I2", "every event of the payment worker is in its stream or waits in the outbox",
            AuditSource.WorkerEvents | AuditSource.PaymentsStream,
            """
            SELECT e.order_id::text, e.type || ' is neither in PAYMENTS nor in the outbox'
            FROM audit_events e, audit_streams t
            WHERE t.stream = 'PAYMENTS' AND e.waiting_since IS NULL AND e.occurred_at >= t.since AND e.occurred_at < $1
              AND NOT EXISTS (SELECT FROM audit_streamed s WHERE s.event_id = e.event_id)
            """),
        new("I3", "no order was charged more than once", AuditSource.Ledger,
            """
            SELECT order_ref, 'was charged ' || count(*) || ' times: ' || string_agg(id, ', ')
            FROM audit_charges WHERE succeeded GROUP BY order_ref HAVING count(*) > 1
            """),
        new("I4", "every charge belongs to an order, with its total and currency", AuditSource.Ledger,
            """
            SELECT c.order_ref, c.id || CASE WHEN o.id IS NULL THEN ' is a charge of an order that does not exist'
                ELSE ' charges ' || c.amount || ' ' || c.currency || ', the order total is ' || o.total || ' ' || o.currency END
            FROM audit_charges c LEFT JOIN orders o ON o.id = c.order_id
            WHERE c.succeeded AND (o.id IS NULL OR (c.amount, c.currency) IS DISTINCT FROM (o.total, o.currency))
            """),
        new("I4", "every payment belongs to an order, with its total and currency", AuditSource.Payments,
            """
            SELECT p.order_id::text, CASE WHEN o.id IS NULL THEN 'is a payment of an order that does not exist'
                ELSE 'the payment is for ' || p.amount || ' ' || p.currency || ', the order total is ' || o.total || ' ' || o.currency END
            FROM audit_payments p LEFT JOIN orders o ON o.id = p.order_id
            WHERE o.id IS NULL OR (p.amount IS NOT NULL AND (p.amount, p.currency) IS DISTINCT FROM (o.total, o.currency))
            """),
        new("I4", "the worker knows every charge", AuditSource.Ledger | AuditSource.Payments,
            """
            SELECT c.order_ref, c.id || ' is not the charge that the worker has recorded: ' || coalesce(p.provider_reference, 'none')
            FROM audit_charges c JOIN orders o ON o.id = c.order_id LEFT JOIN audit_payments p ON p.order_id = c.order_id
            WHERE c.succeeded AND o.status <> 'pending' AND o.updated_at < $1 AND p.provider_reference IS DISTINCT FROM c.id
            """),
        new("I4", "the last reconciliation with the provider's report, if there was one, has no finding", AuditSource.Reconciliation,
            "SELECT reference, what FROM audit_findings"),
        new("I5", "every order has reached a final status, unless the provider is processing its payment", AuditSource.None,
            """
            SELECT o.id::text, 'has been pending since ' || o.created_at FROM orders o WHERE o.status = 'pending' AND o.created_at < $1
              AND NOT EXISTS (SELECT FROM audit_payments p WHERE p.order_id = o.id AND p.status = 'processing')
            """),
        new("I5", "the charge of every cancelled order was refunded", AuditSource.None,
            """
            SELECT id::text, 'is cancelled, and its refund has been ' || refund || ' since ' || refund_since
            FROM orders WHERE refund IN ('pending', 'review') AND refund_since < $1
            """),
        new("I5", "the status of every order agrees with the provider's ledger", AuditSource.Ledger,
            """
            WITH held AS (
                SELECT c.order_id, sum(c.amount - coalesce(r.amount, 0)) AS amount
                FROM audit_charges c
                LEFT JOIN (SELECT charge_id, sum(amount) AS amount FROM audit_refunds GROUP BY charge_id) r ON r.charge_id = c.id
                WHERE c.succeeded GROUP BY c.order_id)
            SELECT o.id::text,
                'is ' || o.status || ', and the provider holds ' || coalesce(h.amount, 0) || ' of its ' || o.total || ' ' || o.currency
            FROM orders o LEFT JOIN held h ON h.order_id = o.id
            LEFT JOIN (
                SELECT order_id, sum(amount) FILTER (WHERE status = 'succeeded' AND source <> 'chargeback') AS amount,
                    bool_or(status = 'pending' OR updated_at >= $1) AS is_moving
                FROM refunds GROUP BY order_id) f ON f.order_id = o.id
            WHERE o.updated_at < $1 AND f.is_moving IS NOT TRUE AND o.status IN ('paid', 'paymentFailed', 'cancelled')
              AND coalesce(h.amount, 0) <> CASE o.status WHEN 'paid' THEN o.total - coalesce(f.amount, 0) ELSE 0 END
            """),
        new("I5", "every requested refund has an outcome", AuditSource.None,
            """
            SELECT f.order_id::text, 'its refund ' || f.id || ' of ' || f.amount || ' ' || f.currency || ' has been pending since '
                || f.created_at || coalesce(', at the worker it is ' || w.status, '')
            FROM refunds f LEFT JOIN (
                SELECT r.id, r.status FROM audit_payments p, jsonb_to_recordset(p.refunds) AS r (id uuid, status text)) w ON w.id = f.id
            WHERE f.status = 'pending' AND f.created_at < $1
            """),
        new("I5", "the refunds of every paid order add up to its refunded total", AuditSource.None,
            """
            WITH sums AS (
                SELECT order_id, sum(amount) FILTER (WHERE status = 'succeeded') AS refunded,
                    sum(amount) FILTER (WHERE status = 'pending') AS pending
                FROM refunds GROUP BY order_id)
            SELECT o.id::text, 'has refunded ' || o.refunded_total || ' and ' || o.refund_pending || ' pending, its refunds are '
                || coalesce(s.refunded, 0) || ' and ' || coalesce(s.pending, 0)
            FROM orders o LEFT JOIN sums s ON s.order_id = o.id
            WHERE (o.refunded_total, o.refund_pending) <> (coalesce(s.refunded, 0), coalesce(s.pending, 0))
            """),
        new("I5", "no order was refunded more than its total, unless by a chargeback", AuditSource.None,
            """
            SELECT o.id::text, 'was refunded ' || f.amount || ' of its ' || o.total || ' ' || o.currency
            FROM orders o JOIN (
                SELECT order_id, sum(amount) AS amount FROM refunds WHERE status = 'succeeded' AND source <> 'chargeback'
                GROUP BY order_id) f ON f.order_id = o.id
            WHERE f.amount > o.total
            """),
        new("I5", "the refunds of every paid order agree with those of its payment", AuditSource.Payments,
            """
            WITH made AS (
                SELECT p.order_id, r.* FROM audit_payments p,
                    jsonb_to_recordset(p.refunds) AS r (id uuid, amount numeric, status text, "updatedAt" timestamptz))
            SELECT coalesce(f.order_id, w.order_id)::text, 'its refund ' || coalesce(f.id, w.id)
                || coalesce(' of ' || f.amount || ' is ' || f.status, ' does not exist here')
                || coalesce(', at the worker ' || w.amount || ' is ' || w.status, ', at the worker it does not exist')
            FROM refunds f FULL JOIN made w ON w.id = f.id
            WHERE (f.status = 'succeeded' OR w.status = 'succeeded') AND coalesce(greatest(f.updated_at, w."updatedAt"), now()) < $1
              AND (f.status, f.amount) IS DISTINCT FROM (w.status, w.amount)
            """),
        new("I5", "the status of every order agrees with its payment", AuditSource.Payments,
            """
            SELECT o.id::text, 'is ' || o.status || ', its payment ' || coalesce(p.status, 'does not exist')
            FROM orders o LEFT JOIN audit_payments p ON p.order_id = o.id
            WHERE o.updated_at < $1 AND CASE o.status
                WHEN 'paid' THEN p.status IS DISTINCT FROM 'succeeded'
                WHEN 'paymentFailed' THEN p.status IS DISTINCT FROM 'declined'
                WHEN 'cancelled' THEN p.status IN ('succeeded', 'charging', 'unknown', 'refunding', 'review')
                ELSE false END
            """),
        new("I5", "no webhook of the provider contradicts a final outcome", AuditSource.Webhooks,
            "SELECT order_id::text, 'webhook ' || event_id || ': ' || detail FROM audit_webhooks"),
        new("I5", "every order in manual review has a payment in review", AuditSource.Payments | AuditSource.WorkerEvents,
            """
            SELECT o.id::text, 'is in manual review, its payment ' || coalesce(p.status, 'does not exist')
            FROM orders o LEFT JOIN audit_payments p ON p.order_id = o.id
            WHERE o.status = 'manualReview' AND o.updated_at < $1 AND p.status IS DISTINCT FROM 'review'
              AND NOT EXISTS (SELECT FROM audit_events e WHERE e.order_id = o.id AND e.occurred_at >= $1)
            """),
    ];
}
