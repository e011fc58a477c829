using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A charge to begin, with the ids of the payment if this is the first attempt.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">Id of a new payment.</param>
/// <param name="Amount">Total of the order.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="TraceParent">The current W3C trace context.</param>
/// <param name="Lease">How long this worker owns the payment.</param>
/// <param name="IsInDoubt">Whether the provider may know a payment that is new to this database.</param>
internal sealed record ChargeIntent(
    Guid OrderId, Guid PaymentId, decimal Amount, string Currency, string? TraceParent, TimeSpan Lease, bool IsInDoubt)
{
    /// <summary>Whether the order has a payment method of its own.</summary>
    internal bool HasMethod { get; init; }

    /// <summary>That method; null when it could not be fetched.</summary>
    internal string? Method { get; init; }
}

/// <summary>The state of the payment, and the payment itself when this worker got the lease.</summary>
internal readonly record struct BegunCharge(ChargeState State, Payment? Payment);

internal enum ChargeState
{
    /// <summary>This worker holds the lease and may call the provider.</summary>
    Begun,

    /// <summary>Another worker holds the lease, or the payment waits for its next attempt.</summary>
    Leased,

    /// <summary>The payment has an outcome, or the order was cancelled before the provider was called.</summary>
    Finished,

    /// <summary>The payment exists with another amount or currency.</summary>
    Mismatch,
}

/// <summary>
/// Stores the intent before any call: a new payment with its provider key, or a lease on the existing one. The primary key makes it one
/// payment for each order, and the stored key makes every attempt the same charge.
/// </summary>
internal static class BeginCharge
{
    internal static readonly BatchedWrite<ChargeIntent, BegunCharge> Write = new(
        "begin-charge",
        key: ("order_id", row => row.OrderId),
        input: columns => columns
            .Add("id", NpgsqlDbType.Uuid, row => row.PaymentId)
            .Add("amount", NpgsqlDbType.Numeric, row => row.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Currency)
            .Add("provider_key", NpgsqlDbType.Uuid, row => ProviderKey.OfCharge(row.OrderId))
            .Add("traceparent", NpgsqlDbType.Text, row => row.TraceParent)
            .Add("lease", NpgsqlDbType.Interval, row => row.Lease)
            .Add("in_doubt", NpgsqlDbType.Boolean, row => row.IsInDoubt)
            .Add("has_method", NpgsqlDbType.Boolean, row => row.HasMethod)
            .Add("method", NpgsqlDbType.Text, row => row.Method),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        begun AS (
            INSERT INTO payments AS p (
                order_id, id, amount, currency, provider_key, traceparent, status, attempts, lease_until, in_doubt,
                has_payment_method, payment_method)
            SELECT order_id, id, amount, currency, provider_key, traceparent, 'charging', 1, now() + lease, in_doubt, has_method, method
            FROM input
            ON CONFLICT (order_id) DO UPDATE
                SET attempts = p.attempts + 1, lease_until = excluded.lease_until, updated_at = now(),
                    first_attempt_at = CASE p.attempts WHEN 0 THEN now() ELSE p.first_attempt_at END,
                    has_payment_method = p.has_payment_method OR excluded.has_payment_method,
                    payment_method = CASE WHEN p.cancelled_at IS NULL THEN coalesce(p.payment_method, excluded.payment_method) END
                WHERE p.status IN ('charging', 'unknown') AND p.lease_until <= now()
                    AND p.amount = excluded.amount AND p.currency = excluded.currency
            RETURNING p.order_id, p.id, p.provider_key, p.attempts, p.first_attempt_at, p.calls IS NOT NULL AS was_asked, p.in_doubt,
                p.cancelled_at IS NOT NULL AS is_cancelled, p.has_payment_method, p.payment_method)
        SELECT i.order_id, b.id, b.provider_key, b.attempts, b.first_attempt_at, b.was_asked, b.in_doubt, b.is_cancelled,
               p.amount IS NOT NULL AND (p.amount <> i.amount OR p.currency <> i.currency),
               p.status IS NOT NULL AND p.status NOT IN ('charging', 'unknown'),
               b.has_payment_method, b.payment_method
        FROM input i
        LEFT JOIN begun b ON b.order_id = i.order_id
        LEFT JOIN (SELECT * FROM payments WHERE order_id = ANY ({BatchedWrite.Keys})) p ON p.order_id = i.order_id
        """,
        Read);

    /// <summary>The intent to charge an order, in the current trace.</summary>
    internal static ChargeIntent Intent(Guid orderId, decimal amount, string currency, TimeSpan lease, bool isInDoubt) =>
        new(orderId, Guid.CreateVersion7(), amount, currency, Activity.Current?.Id, lease, isInDoubt);

    private static BegunCharge Read(NpgsqlDataReader reader, ChargeIntent row)
    {
        if (!reader.IsDBNull(1))
        {
            return new(ChargeState.Begun, new Payment(
                row.OrderId, reader.GetGuid(1), row.Amount, row.Currency, reader.GetGuid(2),
                reader.GetInt32(3), reader.GetFieldValue<DateTimeOffset>(4))
            {
                WasCalled = reader.GetBoolean(5),
                IsInDoubt = reader.GetBoolean(6),
                IsCancelled = reader.GetBoolean(7),
                HasMethod = reader.GetBoolean(10),
                Method = reader.IsDBNull(11) ? null : reader.GetString(11),
            });
        }

        // Neither leased here nor visible to the snapshot: another worker has just inserted it and holds the lease.
        return new(
            reader.GetBoolean(8) ? ChargeState.Mismatch
            : reader.GetBoolean(9) ? ChargeState.Finished
            : ChargeState.Leased,
            Payment: null);
    }
}
