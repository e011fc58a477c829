using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>The rows of the tables of refunds in docs/payment-providers.md: answers that mean something else than to a charge.</summary>
/// <param name="Answer">The response in the words of the page.</param>
/// <param name="Script">The response on the wire.</param>
/// <param name="Status">The expected classification.</param>
internal sealed record RefundRow(string Answer, ScriptedResponse Script, ChargeStatus Status)
{
    private const string Invalid = "invalid_request_error";

    /// <summary>Those of the HTTP contract.</summary>
    internal static IReadOnlyList<RefundRow> Http { get; } =
    [
        new("200 with `status` succeeded and an `id`", ScriptedResponse.Of(200, Of("succeeded")), ChargeStatus.Succeeded),
        new("202 with `status` processing and an `id`", ScriptedResponse.Of(202, Of("processing")), ChargeStatus.Processing),
        new("400 or 402 as JSON: less is left", ScriptedResponse.Of(400, "{\"code\":\"not_refundable\"}"), ChargeStatus.Declined),
        new("404 as JSON: no such charge", ScriptedResponse.Of(404, "{}"), ChargeStatus.Refused),
        new("422, or 400 without a body", ScriptedResponse.Of(422, "{}"), ChargeStatus.Refused),
    ];

    /// <summary>Those of Stripe.</summary>
    internal static IReadOnlyList<RefundRow> Stripe { get; } =
    [
        new("200 with `status` succeeded", ScriptedResponse.Of(200, Of("succeeded")), ChargeStatus.Succeeded),
        new("200 with `status` pending or requires_action", ScriptedResponse.Of(200, Of("pending")), ChargeStatus.Processing),
        new("200 with `status` failed or canceled", ScriptedResponse.Of(200, Of("failed")), ChargeStatus.Declined),
        new("400 with the code `charge_already_refunded` or `charge_disputed`",
            StripeRows.Error(400, Invalid, "charge_already_refunded"), ChargeStatus.Declined),
        new("400 without a code about the parameter `amount`: less is left",
            ScriptedResponse.Of(400, """{"error":{"type":"invalid_request_error","param":"amount"}}"""), ChargeStatus.Declined),
        new("another 400 `invalid_request_error`", StripeRows.Error(400, Invalid, "balance_insufficient"), ChargeStatus.Refused),
        new("404 with the code `resource_missing`", StripeRows.Error(404, Invalid, "resource_missing"), ChargeStatus.Refused),
    ];

    private static string Of(string status) => $$"""{"id":"re_1","status":"{{status}}"}""";
}
