using System.ComponentModel;
using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>The result of an operator's request about a payment.</summary>
internal sealed record PaymentReport(
    Guid OrderId,
    Guid PaymentId,
    [property: Description("The current status of the payment.")] string Status,
    [property: Description("Whether the request changed it.")] bool Changed,
    [property: Description("What the provider says, and why nothing was changed.")] string Detail)
{
    internal static PaymentReport Unchanged(PaymentSnapshot payment, string detail) =>
        new(payment.OrderId, payment.PaymentId, payment.Status.ToName(), Changed: false, detail);
}

/// <summary>The final status of a payment, decided by an operator or by a look-up.</summary>
/// <param name="Status"><c>succeeded</c>, <c>declined</c> or <c>refunded</c>.</param>
/// <param name="Reference">Id of the charge, or of the refund.</param>
/// <param name="Reason">The reason that is published with the event; null for <c>succeeded</c>.</param>
/// <param name="Found">The result of the look-up.</param>
internal sealed record PaymentDecision(PaymentStatus Status, string? Reference, string? Reason, ChargeOutcome Found)
{
    /// <summary>The ISO 4217 code for no currency.</summary>
    private const string NoCurrency = "XXX";

    /// <summary>The operator action to record with the decision.</summary>
    internal required (string Action, Operator By, string Detail) Record { get; init; }

    /// <summary>
    /// Commits payment, event and operator action in one transaction that locks the payment's row. A payment that has changed since the
    /// operator saw it is left as it is. The relays of the running services publish the event.
    /// </summary>
    /// <returns>The payment after the transaction, and whether this decision was applied.</returns>
    internal async Task<(PaymentSnapshot Payment, bool IsTaken)> CommitAsync(
        NpgsqlDataSource database, PaymentSnapshot seen, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var payment = (await PaymentSnapshot.FindAsync(connection, seen.OrderId, isLocked: true, cancellationToken))!;
        if ((payment.Status, payment.Events) != (seen.Status, seen.Events))
            return (payment, IsTaken: false);

        if (Status == PaymentStatus.Refunded && Found.Reference is { } charge)
            await KeepChargeAsync(connection, payment.OrderId, charge, cancellationToken);
        var (amount, currency) = (payment.Amount ?? Found.Found?.Amount, payment.Currency ?? Found.Found?.Currency);
        var stored = Event(payment, amount ?? 0, currency ?? NoCurrency, now);
        var outcome = new Outcome([payment.Status], Status, stored with { TraceParent = payment.TraceParent ?? stored.TraceParent })
        {
            Reference = Reference,
            Reason = Reason,
            Calls = Found.Calls,
            Amount = amount,
            Currency = currency,
        };
        if (await RecordOutcome.Write.WriteAsync(connection, outcome, cancellationToken) == 0)
            throw new InvalidOperationException(
                $"The payment of order {payment.OrderId} changed despite its row lock; nothing was committed.");
        await OperatorAction.AddAsync(connection, payment.OrderId, Record.Action, Record.By, Record.Detail, cancellationToken);
        payment = (await PaymentSnapshot.FindAsync(connection, payment.OrderId, isLocked: false, cancellationToken))!;
        await transaction.CommitAsync(cancellationToken);
        return (payment, IsTaken: true);
    }

    private StoredEvent Event(PaymentSnapshot payment, decimal amount, string currency, DateTimeOffset now) => Status switch
    {
        PaymentStatus.Succeeded => StoredEvent.CreateUnnumbered(
            new PaymentSucceeded(payment.OrderId, payment.PaymentId, amount, currency, Reference!), now),
        PaymentStatus.Refunded => StoredEvent.CreateUnnumbered(
            new PaymentRefunded(payment.OrderId, payment.PaymentId, amount, currency, Reference!, Reason), now),
        _ => StoredEvent.CreateUnnumbered(
            new PaymentDeclined(payment.OrderId, payment.PaymentId, amount, currency, Reason!, Reference), now),
    };

    /// <summary>
    /// Stores the id of the refunded charge, which was never an outcome here: the audit compares it with the provider's ledger.
    /// </summary>
    private static async Task KeepChargeAsync(NpgsqlConnection connection, Guid orderId, string charge, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "UPDATE payments SET provider_reference = coalesce(provider_reference, $2) WHERE order_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = charge });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
