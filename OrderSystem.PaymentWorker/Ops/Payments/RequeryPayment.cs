using Npgsql;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>
/// <c>POST /ops/payments/{id}/requery</c>: looks the order up at the provider and applies the outcome if it is certain. A look-up changes
/// nothing there, so it needs no lease: if the worker decides at the same time, the first commit wins and the other has no effect.
/// </summary>
internal sealed class RequeryPayment(NpgsqlDataSource database, Inquiry inquiry, TimeProvider time)
{
    internal static void Map(IEndpointRouteBuilder payments) => payments.MapPost("/{id:guid}/requery", HandleAsync);

    /// <returns>Null when there is no such payment.</returns>
    internal async Task<PaymentReport?> RunAsync(Guid id, Operator by, CancellationToken cancellationToken)
    {
        if (await PaymentSnapshot.FindAsync(database, id, cancellationToken) is not { } payment)
            return null;
        if (!payment.IsOpen)
            return PaymentReport.Unchanged(payment, "The payment already has a final status, so the provider was not asked.");

        var found = await inquiry.FindAsync(payment.Payment, cancellationToken);
        var says = ProviderViews.Describe(found);
        if (Certain(payment, found) is not { } status)
            return await NothingAsync(payment, by, $"{says}; the outcome is not certain yet", cancellationToken);

        var reason = status == PaymentStatus.Refunded ? "it was refunded at the provider" : found.Reason;
        var decision = new PaymentDecision(status, found.Reference, reason, found)
        {
            Record = (OperatorAction.Requery, by, $"{says}; applied as {status.ToName()}"),
        };
        var (now, isTaken) = await decision.CommitAsync(database, payment, time.GetUtcNow(), cancellationToken);
        return new(
            now.OrderId, now.PaymentId, now.Status.ToName(), isTaken,
            isTaken ? says : $"{says}; meanwhile the payment became {now.Status.ToName()}");
    }

    /// <summary>A missing charge is not certain: a call may be in flight, and an operator may know of a charge.</summary>
    private static PaymentStatus? Certain(PaymentSnapshot payment, ChargeOutcome found) => found.Status switch
    {
        ChargeStatus.Succeeded when found.Found is { IsRefunded: true } => PaymentStatus.Refunded,
        ChargeStatus.Succeeded when !payment.WasCharged => PaymentStatus.Succeeded,
        ChargeStatus.Declined when !payment.WasCharged && payment.Amount is not null => PaymentStatus.Declined,
        _ => null,
    };

    private async Task<PaymentReport> NothingAsync(PaymentSnapshot payment, Operator by, string detail, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await OperatorAction.AddAsync(connection, payment.OrderId, OperatorAction.Requery, by, detail, cancellationToken);
        return PaymentReport.Unchanged(payment, detail);
    }

    private static async Task<IResult> HandleAsync(
        Guid id, HttpRequest http, RequeryPayment requery, PaymentMetrics metrics, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        return PaymentsApi.Answer(await requery.RunAsync(id, by, cancellationToken), id, metrics, refuses: false);
    }
}
