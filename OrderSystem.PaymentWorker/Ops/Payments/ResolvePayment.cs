using System.ComponentModel;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>What a person has found out about a payment in review.</summary>
internal sealed record ResolveRequest(
    [property: Description("succeeded: it was charged · failed: it was not · refunded: it was, and has been given back")] string As,
    [property: Description("How the person knows; 1 to 500 characters. It is recorded, and told with the order.")] string Reason,
    [property: Description("The charge at the provider for succeeded, which needs it; the refund for refunded.")] string? Reference = null,
    [property: Description("Decides although the provider says nothing. What it contradicts is refused all the same.")] bool Force = false)
{
    private static readonly Dictionary<string, PaymentStatus> Statuses = new(StringComparer.Ordinal)
    {
        ["succeeded"] = PaymentStatus.Succeeded,
        ["failed"] = PaymentStatus.Declined,
        ["refunded"] = PaymentStatus.Refunded,
    };

    internal string Claim => Reference is null ? As : $"{As} with {Reference}";

    /// <summary>The status that the payment gets.</summary>
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
                ? "must name the charge at the provider: without it nothing could be given back later"
                : "must be 1 to 200 printable characters"];
        }

        return errors;
    }
}

/// <summary>
/// <c>POST /ops/payments/{id}/resolve</c>: ends a review with what a person has found out. The provider is looked up first: what it contradicts is
/// refused, what it does not know needs to be forced. Only from review: as long as the worker asks for a payment itself, a call may be on its way.
/// </summary>
internal sealed class ResolvePayment(NpgsqlDataSource database, Inquiry inquiry, IOptions<GatewayOptions> options, TimeProvider time)
{
    internal static void Map(IEndpointRouteBuilder payments) => payments.MapPost("/{id:guid}/resolve", HandleAsync);

    /// <returns>Null when there is no such payment.</returns>
    internal async Task<PaymentReport?> RunAsync(Guid id, ResolveRequest request, Operator by, CancellationToken cancellationToken)
    {
        if (await PaymentStanding.FindAsync(database, id, cancellationToken) is not { } payment)
            return null;
        if (WhyNever(payment, request) is { } never)
            return PaymentReport.Unchanged(payment, never);

        var found = await LookUpAsync(payment, cancellationToken);
        var says = ProviderViews.Describe(found);
        var view = ProviderViews.Of(found, request.Status, request.Reference, found.Status == ChargeStatus.None && payment.Unchanged > options.Value.Lease);
        if (WhyNot(payment, request, found, view) is { } why)
            return PaymentReport.Unchanged(payment, $"{says}. {why}");

        var decision = new PaymentDecision(request.Status, request.Reference ?? found.Reference, request.Status == PaymentStatus.Succeeded ? null : request.Reason, found)
        {
            Record = (OperatorAction.Resolve, by, $"as {request.Claim}: {request.Reason} ({(view == ProviderView.IsSilent ? "forced; " : "")}{says})"),
        };
        var (now, isTaken) = await decision.CommitAsync(database, payment, time.GetUtcNow(), cancellationToken);
        return new(now.OrderId, now.PaymentId, now.Status.ToName(), isTaken, isTaken ? $"{says}." : $"Meanwhile the payment became {now.Status.ToName()}.");
    }

    private static string? WhyNever(PaymentStanding payment, ResolveRequest request) => payment switch
    {
        { IsInReview: true, WasCharged: true } when request.Status == PaymentStatus.Declined =>
            "The order was charged, and what is open is its refund: resolve it as refunded, or as succeeded to have the refund tried again.",
        { IsInReview: true } => null,
        { IsOpen: true } => $"The payment is {payment.Status.ToName()}: the worker asks for it, and only one in review is resolved; requery asks now.",
        _ => $"The payment is {payment.Status.ToName()}: only one in review is resolved.",
    };

    private static string? WhyNot(PaymentStanding payment, ResolveRequest request, ChargeOutcome found, ProviderView view)
    {
        if (view == ProviderView.Contradicts)
            return $"That contradicts {request.Claim}, and is not overridden; requery takes what the provider says.";
        if (view == ProviderView.IsSilent && !request.Force)
            return $"That does not confirm {request.As}; force decides without the provider.";
        if (request.Status == PaymentStatus.Refunded && request.Reference is null && found.Reference is null)
            return "Name the refund in reference.";
        return request.Status != PaymentStatus.Declined && payment.Amount is null && found.Found?.Amount is null ? "Neither it nor this database knows the amount." : null;
    }

    /// <summary>Where the command line is not told of a provider, nothing was asked.</summary>
    private async Task<ChargeOutcome> LookUpAsync(PaymentStanding payment, CancellationToken cancellationToken)
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

    private static async Task<IResult> HandleAsync(Guid id, HttpRequest http, ResolvePayment resolve, PaymentMetrics metrics, CancellationToken cancellationToken)
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
