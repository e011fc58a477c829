using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>What is about to be charged, with the ids that it gets if it is the first attempt.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">A new payment's id.</param>
/// <param name="Amount">What the order costs.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="TraceParent">The trace that is current.</param>
/// <param name="Lease">For how long the payment belongs to this worker.</param>
/// <param name="IsInDoubt">If the payment is new here, it may not be new to the provider.</param>
internal sealed record ChargeIntent(Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string? TraceParent, TimeSpan Lease, bool IsInDoubt);

/// <summary>How the payment stands; it is there when this worker got the lease.</summary>
internal readonly record struct BegunCharge(ChargeState State, Payment? Payment);

internal enum ChargeState
{
    /// <summary>This worker holds the lease and may call the provider.</summary>
    Begun,

    /// <summary>Another worker holds it, or it waits for its next attempt.</summary>
    Leased,

    /// <summary>The provider has answered, or the order was cancelled before it was asked.</summary>
    Finished,

    /// <summary>The order is known with another amount or currency.</summary>
    Mismatch,
}

/// <summary>
/// The intent, before any call: a new payment with its key, or a lease on the one that is there. The primary key makes it one payment for
/// each order, and the key that it keeps makes every attempt the same charge.
/// </summary>
internal sealed class BeginCharge() : GroupWrite<ChargeIntent, BegunCharge>(
    "begin-charge",
    """
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::numeric[], $4::text[], $5::uuid[], $6::text[], $7::interval[], $8::boolean[])
            AS i (order_id, id, amount, currency, provider_key, traceparent, lease, in_doubt)),
    begun AS (
        INSERT INTO payments AS p (order_id, id, amount, currency, provider_key, traceparent, status, attempts, lease_until, in_doubt)
        SELECT order_id, id, amount, currency, provider_key, traceparent, 'charging', 1, now() + lease, in_doubt FROM input
        ON CONFLICT (order_id) DO UPDATE
            SET attempts = p.attempts + 1, lease_until = excluded.lease_until, updated_at = now(),
                first_attempt_at = CASE p.attempts WHEN 0 THEN now() ELSE p.first_attempt_at END
            WHERE p.status IN ('charging', 'unknown') AND p.lease_until <= now() AND p.amount = excluded.amount AND p.currency = excluded.currency
        RETURNING p.order_id, p.id, p.provider_key, p.attempts, p.first_attempt_at, p.calls IS NOT NULL AS was_asked, p.in_doubt, p.cancelled_at IS NOT NULL AS is_cancelled)
    SELECT i.order_id, b.id, b.provider_key, b.attempts, b.first_attempt_at, b.was_asked, b.in_doubt, b.is_cancelled,
           p.amount IS NOT NULL AND (p.amount <> i.amount OR p.currency <> i.currency),
           p.status IS NOT NULL AND p.status NOT IN ('charging', 'unknown')
    FROM input i
    LEFT JOIN begun b ON b.order_id = i.order_id
    LEFT JOIN (SELECT * FROM payments WHERE order_id = ANY ($1)) p ON p.order_id = i.order_id
    """)
{
    internal static readonly BeginCharge Instance = new();

    /// <summary>The intent to charge an order, in the trace that is current.</summary>
    internal static ChargeIntent Intent(Guid orderId, decimal amount, string currency, TimeSpan lease, bool isInDoubt) =>
        new(orderId, Guid.CreateVersion7(), amount, currency, Activity.Current?.Id, lease, isInDoubt);

    protected override Guid KeyOf(ChargeIntent row) => row.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<ChargeIntent> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.OrderId);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.PaymentId);
        parameters.AddArray(NpgsqlDbType.Numeric, rows, row => row.Amount);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Currency);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => ProviderKey.OfCharge(row.OrderId));
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.TraceParent);
        parameters.AddArray(NpgsqlDbType.Interval, rows, row => row.Lease);
        parameters.AddArray(NpgsqlDbType.Boolean, rows, row => row.IsInDoubt);
    }

    protected override BegunCharge Read(NpgsqlDataReader reader, ChargeIntent row)
    {
        if (!reader.IsDBNull(1))
        {
            return new(ChargeState.Begun, new Payment(
                row.OrderId, reader.GetGuid(1), row.Amount, row.Currency, reader.GetGuid(2), reader.GetInt32(3), reader.GetFieldValue<DateTimeOffset>(4))
            {
                WasAsked = reader.GetBoolean(5),
                IsInDoubt = reader.GetBoolean(6),
                IsCancelled = reader.GetBoolean(7),
            });
        }

        // Neither begun nor there when the statement began: another worker has just inserted it and holds the lease.
        return new(reader.GetBoolean(8) ? ChargeState.Mismatch : reader.GetBoolean(9) ? ChargeState.Finished : ChargeState.Leased, Payment: null);
    }
}
