using System.ComponentModel;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>An operator's decision about a payment in review.</summary>
internal sealed record ResolveRequest(
    [property: Description("succeeded: the order was charged · failed: it was not · refunded: it was charged and refunded")] string As,
    [property: Description("How the operator knows; 1 to 500 characters. It is recorded and shown with the order.")] string Reason,
    [property: Description("Id at the provider: of the charge for succeeded (required), of the refund for refunded.")]
    string? Reference = null,
    [property: Description("Decides although the provider does not confirm it. A decision that it contradicts is still refused.")]
    bool Force = false)
{
    private static readonly Dictionary<string, PaymentStatus> Statuses = new(StringComparer.Ordinal)
    {
        ["succeeded"] = PaymentStatus.Succeeded,
        ["failed"] = PaymentStatus.Declined,
        ["refunded"] = PaymentStatus.Refunded,
    };

    internal string Claim => Reference is null ? As : $"{As} with {Reference}";

    /// <summary>The resulting status of the payment.</summary>
    internal PaymentStatus Status => Statuses[As];

    internal Dictionary<string, string[]> Validate()
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (!Statuses.ContainsKey(As))
            errors["as"] = [$"must be one of {string.Join(", ", Statuses.Keys)}"];
        if (Reason.Length == 0 || ProviderText.Clean(Reason) != Reason)
            errors["reason"] = [$"must be 1 to {ProviderText.Longest} printable characters that neither begin nor end with a space"];
        if (Reference is null ? As == "succeeded" : !ProviderText.IsId(Reference))
        {
            errors["reference"] = [Reference is null
                ? "must be the id of the charge at the provider: without it the charge could not be refunded later"
                : "must be 1 to 200 printable characters"];
        }

        return errors;
    }
}

/// <summary>
/// <c>POST /ops/payments/{id}/resolve</c>: ends a review with an operator's decision. The order is looked up at the provider first: a
/// decision that the provider contradicts is refused, one that it does not confirm must be forced. Only a payment in review can be
/// resolved: while the worker processes one, a call may be in flight.
/// </summary>
internal sealed class ResolvePayment(NpgsqlDataSource database, Inquiry inquiry, IOptions<GatewayOptions> options, TimeProvider time)
{
    internal static void Map(IEndpointRouteBuilder payments) => payments.MapPost("/{id:guid}/resolve", HandleAsync);

    /// <returns>Null when there is no such payment.</returns>
    internal async Task<PaymentReport?> RunAsync(Guid id, ResolveRequest request, Operator by, CancellationToken cancellationToken)
    {
        if (await PaymentSnapshot.FindAsync(database, id, cancellationToken) is not { } payment)
            return null;
        if (WhyNotResolvable(payment, request) is { } refusal)
            return PaymentReport.Unchanged(payment, refusal);

        var found = await LookUpAsync(payment, cancellationToken);
        var says = ProviderViews.Describe(found);
        var noCallInFlight = found.Status == ChargeStatus.None && payment.Unchanged > options.Value.Lease;
        var view = ProviderViews.Of(found, request.Status, request.Reference, noCallInFlight);
        if (WhyNot(payment, request, found, view) is { } why)
            return PaymentReport.Unchanged(payment, $"{says}. {why}");

        var reason = request.Status == PaymentStatus.Succeeded ? null : request.Reason;
        var forced = view == ProviderView.IsSilent ? "forced; " : "";
        var decision = new PaymentDecision(request.Status, request.Reference ?? found.Reference, reason, found)
        {
            Record = (OperatorAction.Resolve, by, $"as {request.Claim}: {request.Reason} ({forced}{says})"),
        };
        var (now, isTaken) = await decision.CommitAsync(database, payment, time.GetUtcNow(), cancellationToken);
        return new(
            now.OrderId, now.PaymentId, now.Status.ToName(), isTaken,
            isTaken ? $"{says}." : $"Meanwhile the payment became {now.Status.ToName()}.");
    }

    private static string? WhyNotResolvable(PaymentSnapshot payment, ResolveRequest request) => payment switch
    {
        { IsInReview: true, WasCharged: true } when request.Status == PaymentStatus.Declined =>
            "The order was charged and only its refund is open: resolve it as refunded, or as succeeded to retry the refund.",
        { IsInReview: true } => null,
        { IsOpen: true } =>
            $"The payment is {payment.Status.ToName()} and the worker still processes it. Only a payment in review can be resolved; "
            + "requery looks it up now.",
        _ => $"The payment is {payment.Status.ToName()}. Only a payment in review can be resolved.",
    };

    private static string? WhyNot(PaymentSnapshot payment, ResolveRequest request, ChargeOutcome found, ProviderView view)
    {
        if (view == ProviderView.Contradicts)
            return $"That contradicts {request.Claim} and cannot be forced; requery applies what the provider says.";
        if (view == ProviderView.IsSilent && !request.Force)
            return $"That does not confirm {request.As}; set force to decide without the provider.";
        if (request.Status == PaymentStatus.Refunded && request.Reference is null && found.Reference is null)
            return "Set reference to the id of the refund.";
        return request.Status != PaymentStatus.Declined && payment.Amount is null && found.Found?.Amount is null
            ? "Neither the provider nor this database knows the amount; retry when the provider can be asked."
            : null;
    }

    /// <summary>On the command line the provider may not be configured; then the look-up counts as unavailable.</summary>
    private async Task<ChargeOutcome> LookUpAsync(PaymentSnapshot payment, CancellationToken cancellationToken)
    {
        try
        {
            return await inquiry.FindAsync(payment.Payment, cancellationToken);
        }
        catch (OptionsValidationException unset)
        {
            return ChargeOutcome.Unavailable(ProviderFailure.None, unset.Message);
        }
    }

    private static async Task<IResult> HandleAsync(
        Guid id, HttpRequest http, ResolvePayment resolve, PaymentMetrics metrics, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        var (request, problem) = await StrictJson.ReadAsync(http, PaymentRequestJson.Default.ResolveRequest, cancellationToken);
        if (problem is not null)
            return problem;
        return request!.Validate() is { Count: > 0 } errors
            ? TypedResults.ValidationProblem(errors)
            : PaymentsApi.Answer(await resolve.RunAsync(id, request, by, cancellationToken), id, metrics, refuses: true);
    }
}
