using System.Text.Json;
using System.Text.Json.Serialization;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>
/// <c>/ops/payments</c>: lists, shows, looks up and resolves payments without an outcome. <c>/ops/refunds</c>: the same for refunds of paid
/// orders.
/// </summary>
internal static class PaymentsApi
{
    internal static void AddPaymentOperations(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RequeryPayment>();
        builder.Services.AddSingleton<ResolvePayment>();
        builder.Services.AddSingleton<ResolveRefund>();
    }

    internal static void MapPayments(this IEndpointRouteBuilder ops)
    {
        var payments = ops.MapGroup("/payments");
        payments.MapGet("/", ListPayments.HandleAsync);
        payments.MapGet("/{id:guid}", PaymentTimeline.HandleAsync);
        RequeryPayment.Map(payments);
        ResolvePayment.Map(payments);
        var refunds = ops.MapGroup("/refunds");
        refunds.MapGet("/", ListRefunds.HandleAsync);
        ResolveRefund.Map(refunds);
    }

    /// <param name="report">Null when there is no such payment.</param>
    /// <param name="id">The requested id.</param>
    /// <param name="metrics">Counts the final status.</param>
    /// <param name="refuses">Whether an unchanged payment is a conflict (409) instead of a result.</param>
    internal static IResult Answer(PaymentReport? report, Guid id, PaymentMetrics metrics, bool refuses)
    {
        if (report is null)
        {
            return TypedResults.Problem(
                $"No payment and no order of a payment has the id {id}; check the id.", statusCode: StatusCodes.Status404NotFound);
        }

        if (report.Changed)
            metrics.Ended(
                PaymentStatuses.Parse(report.Status) is var status && status == PaymentStatus.Refunding ? PaymentStatus.Succeeded : status);
        return report.Changed || !refuses
            ? TypedResults.Json(report, PaymentsJson.Default.PaymentReport)
            : TypedResults.Problem(
                report.Detail, statusCode: StatusCodes.Status409Conflict, extensions: [new("paymentStatus", report.Status)]);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PaymentHistory))]
[JsonSerializable(typeof(PaymentList))]
[JsonSerializable(typeof(PaymentReport))]
[JsonSerializable(typeof(RefundList))]
[JsonSerializable(typeof(RefundReport))]
internal sealed partial class PaymentsJson : JsonSerializerContext;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    PropertyNameCaseInsensitive = false, AllowDuplicateProperties = false,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, MaxDepth = 4)]
[JsonSerializable(typeof(ResolveRequest))]
[JsonSerializable(typeof(ResolveRefundRequest))]
internal sealed partial class PaymentRequestJson : JsonSerializerContext;
