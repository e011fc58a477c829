using System.ComponentModel;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>An operator's decision about a refund in review.</summary>
internal sealed record ResolveRefundRequest(
    [property: Description("succeeded: it was made · failed: it was not, and will not be · retry: it is made after all, under its key")]
    string As,
    [property: Description("How the operator knows; 1 to 500 characters. It is recorded and shown with the order.")] string Reason,
    [property: Description("Id of the refund at the provider, for succeeded.")] string? Reference = null,
    [property: Description("Decides although the provider does not confirm it. A decision that it contradicts is still refused.")]
    bool Force = false)
{
    internal const string Succeeded = "succeeded";
    internal const string Failed = "failed";
    internal const string Retry = "retry";

    internal Dictionary<string, string[]> Validate()
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (As is not (Succeeded or Failed or Retry))
            errors["as"] = [$"must be one of {Succeeded}, {Failed}, {Retry}"];
        if (Reason.Length == 0 || ProviderText.Clean(Reason) != Reason)
            errors["reason"] = [$"must be 1 to {ProviderText.Longest} printable characters that neither begin nor end with a space"];
        if (Reference is not null && !ProviderText.IsId(Reference))
            errors["reference"] = ["must be 1 to 200 printable characters"];
        return errors;
    }
}

/// <summary>The result of an operator's request about a refund.</summary>
internal sealed record RefundReport(
    Guid RefundId,
    Guid OrderId,
    [property: Description("The current status of the refund.")] string Status,
    [property: Description("Whether the request changed it.")] bool Changed,
    [property: Description("What the provider says, and why nothing was changed.")] string Detail);

/// <summary>
/// <c>POST /ops/refunds/{id}/resolve</c>: ends the review of a refund with an operator's decision. The refund is looked up at the provider
/// first: a decision that the provider contradicts is refused, one that it does not confirm must be forced.
/// </summary>
internal sealed class ResolveRefund(NpgsqlDataSource database, Inquiry inquiry, IOptions<GatewayOptions> options, TimeProvider time)
{
    private const string Sql =
        """
        SELECT r.order_id, p.id, r.amount, r.currency, r.source, p.refunded_total, r.reason, r.status, p.provider_reference, r.provider_key,
            now() - r.updated_at, r.traceparent
        FROM refunds r JOIN payments p ON p.order_id = r.order_id WHERE r.id = $1
        """;

    internal static void Map(IEndpointRouteBuilder refunds) => refunds.MapPost("/{id:guid}/resolve", HandleAsync);

    /// <returns>Null when there is no such refund.</returns>
    internal async Task<RefundReport?> RunAsync(Guid id, ResolveRefundRequest request, Operator by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await FindAsync(connection, id, "", cancellationToken) is not { } seen)
            return null;
        if (seen.Status != RefundStatus.Review)
            return Unchanged(seen, $"The refund is {seen.Status.ToName()}. Only a refund in review can be resolved.");

        var found = await LookUpAsync(seen, cancellationToken);
        var says = Describe(found);
        if (WhyNot(seen, request, found) is { } why)
            return Unchanged(seen, $"{says} {why}");

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var now = (await FindAsync(connection, id, " FOR UPDATE", cancellationToken))!;
        if (now.Status != RefundStatus.Review)
            return Unchanged(now, $"Meanwhile the refund became {now.Status.ToName()}.");
        var reference = request.Reference ?? found.Reference;
        if (request.As == ResolveRefundRequest.Succeeded && await IsKnownAsync(connection, id, reference!, cancellationToken))
            return Unchanged(now, $"{reference} is known as another refund; resolve this one as failed.");
        await WriteAsync(connection, now, request, reference, found.Calls, cancellationToken);
        await OperatorAction.AddAsync(
            connection, now.Open.OrderId, OperatorAction.Resolve, by,
            $"refund {id} as {request.As}{(reference is null ? "" : $" with {reference}")}: {request.Reason} ({says})", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(id, now.Open.OrderId, StatusOf(request).ToName(), Changed: true, says);
    }

    private async Task WriteAsync(
        NpgsqlConnection connection, RefundInReview refund, ResolveRefundRequest request, string? reference,
        IReadOnlyList<ProviderCall> calls, CancellationToken cancellationToken)
    {
        if (request.As != ResolveRefundRequest.Retry)
        {
            var isSuccess = request.As == ResolveRefundRequest.Succeeded;
            var ended = RecordRefund.Of(
                refund.Ending with { Calls = calls }, reference, isSuccess ? null : request.Reason, time.GetUtcNow());
            ended = ended with { Stored = ended.Stored with { TraceParent = refund.TraceParent ?? ended.Stored.TraceParent } };
            if ((await RecordRefund.Write.WriteAsync(connection, ended, cancellationToken)).Version == 0)
                throw new InvalidOperationException("The refund changed despite its row lock; nothing was committed.");
            return;
        }

        // An earlier call may have refunded, and its key may be forgotten: the look-up comes first.
        await using var retry = new NpgsqlCommand(
            """
            UPDATE refunds SET status = 'pending', attempts = 0, in_doubt = true, first_attempt_at = NULL, processing_since = NULL,
                lease_until = now(), updated_at = now()
            WHERE id = $1
            """,
            connection);
        retry.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = refund.Ending.RefundId });
        await retry.ExecuteNonQueryAsync(cancellationToken);
    }

    private string? WhyNot(RefundInReview refund, ResolveRefundRequest request, ChargeOutcome found) => (request.As, found.Status) switch
    {
        (ResolveRefundRequest.Retry, _) => null,
        (ResolveRefundRequest.Succeeded, ChargeStatus.Succeeded) when request.Reference is null || request.Reference == found.Reference =>
            null,
        (ResolveRefundRequest.Failed, ChargeStatus.Declined) => null,
        (ResolveRefundRequest.Failed, ChargeStatus.None) when refund.Unchanged > options.Value.Lease => null,
        (_, ChargeStatus.Succeeded or ChargeStatus.Declined or ChargeStatus.Processing) or
            (ResolveRefundRequest.Failed, ChargeStatus.Refused) =>
            $"That contradicts {request.As} and cannot be forced; retry applies what the provider says.",
        (ResolveRefundRequest.Succeeded, _) when request.Reference is null => "Set reference to the id of the refund at the provider.",
        _ => request.Force ? null : $"That does not confirm {request.As}; set force to decide without the provider.",
    };

    private static string Describe(ChargeOutcome found) => found switch
    {
        { Status: ChargeStatus.Succeeded } => $"The provider has made the refund as {found.Reference}.",
        { Status: ChargeStatus.Processing } => $"The provider is processing the refund as {found.Reference}.",
        { IsAnswer: true } => $"Look-up of the refund: {found.Reason}.",
        _ => $"The provider could not be asked: {found.Reason}.",
    };

    private static RefundStatus StatusOf(ResolveRefundRequest request) => request.As switch
    {
        ResolveRefundRequest.Succeeded => RefundStatus.Succeeded,
        ResolveRefundRequest.Failed => RefundStatus.Failed,
        _ => RefundStatus.Pending,
    };

    private static RefundReport Unchanged(RefundInReview refund, string detail) =>
        new(refund.Ending.RefundId, refund.Open.OrderId, refund.Status.ToName(), Changed: false, detail);

    /// <summary>On the command line the provider may not be configured; then the look-up counts as unavailable.</summary>
    private async Task<ChargeOutcome> LookUpAsync(RefundInReview refund, CancellationToken cancellationToken)
    {
        try
        {
            return await inquiry.FindAsync(refund.Open, cancellationToken);
        }
        catch (OptionsValidationException unset)
        {
            return ChargeOutcome.Unavailable(ProviderFailure.None, unset.Message);
        }
    }

    private static async Task<bool> IsKnownAsync(
        NpgsqlConnection connection, Guid id, string reference, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT EXISTS (SELECT FROM refunds WHERE provider_reference = $2 AND id <> $1)", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reference });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<RefundInReview?> FindAsync(
        NpgsqlConnection connection, Guid id, string suffix, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql + suffix, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row, id) : null;
    }

    private static RefundInReview Read(NpgsqlDataReader row, Guid id)
    {
        var ending = new EndingRefund(
            row.GetGuid(0), row.GetGuid(1), id, row.GetDecimal(2), row.GetString(3), RefundNames.ParseSource(row.GetString(4)),
            row.GetDecimal(5)) { Reason = row.IsDBNull(6) ? null : row.GetString(6) };
        return new(
            RefundNames.ParseStatus(row.GetString(7)), ending,
            new(
                ending.OrderId, ending.PaymentId, ending.Amount, ending.Currency, row.IsDBNull(8) ? "" : row.GetString(8),
                row.IsDBNull(9) ? default : row.GetGuid(9), Attempts: 0) { OfPaidOrder = ending },
            row.GetTimeSpan(10), row.IsDBNull(11) ? null : row.GetString(11));
    }

    private static async Task<IResult> HandleAsync(
        Guid id, HttpRequest http, ResolveRefund resolve, OpenPayments open, PaymentMetrics metrics, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        var (request, problem) = await StrictJson.ReadAsync(http, PaymentRequestJson.Default.ResolveRefundRequest, cancellationToken);
        if (problem is not null)
            return problem;
        if (request!.Validate() is { Count: > 0 } errors)
            return TypedResults.ValidationProblem(errors);
        var report = await resolve.RunAsync(id, request, by, cancellationToken);
        if (report is null)
        {
            return TypedResults.Problem(
                $"There is no refund {id}; GET /ops/refunds lists those in review.", statusCode: StatusCodes.Status404NotFound);
        }

        if (!report.Changed)
        {
            return TypedResults.Problem(
                report.Detail, statusCode: StatusCodes.Status409Conflict, extensions: [new("refundStatus", report.Status)]);
        }

        if (StatusOf(request) is var status && status == RefundStatus.Pending)
            open.PollNow();
        else
            metrics.RefundEnded(status, RefundSource.Request);
        return TypedResults.Json(report, PaymentsJson.Default.RefundReport);
    }

    /// <summary>A refund when an operator decides about it.</summary>
    private sealed record RefundInReview(
        RefundStatus Status, EndingRefund Ending, OpenRefund Open, TimeSpan Unchanged, string? TraceParent);
}
