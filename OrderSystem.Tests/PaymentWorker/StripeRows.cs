using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>The rows of Stripe's table in docs/payment-providers.md.</summary>
internal static class StripeRows
{
    private const string Intent = """{"id":"pi_1","object":"payment_intent","status":""";

    internal static IReadOnlyList<ProviderRow> All { get; } =
    [
        new("200 with `status` succeeded and a `latest_charge`", Ok("\"succeeded\",\"latest_charge\":\"ch_1\"}"), ChargeStatus.Succeeded),
        new("the same with the charge itself", Ok("\"succeeded\",\"latest_charge\":{\"id\":\"ch_1\"}}"), ChargeStatus.Succeeded),
        new("402 `card_error`: the `decline_code`, or the `code`, is the reason",
            Error(402, "card_error", "card_declined", "\"decline_code\":\"insufficient_funds\",\"charge\":\"ch_1\","),
            ChargeStatus.Declined),
        new("402 `card_error` with the code `authentication_required`: the reason is `requires_action`",
            Error(402, "card_error", "authentication_required", "\"decline_code\":\"authentication_required\","), ChargeStatus.Declined),
        new("200 with `status` requires_action", Ok("\"requires_action\"}"), ChargeStatus.Declined),
        new("200 with `status` requires_payment_method and a `last_payment_error`",
            Ok("\"requires_payment_method\",\"last_payment_error\":{\"code\":\"expired_card\"}}"), ChargeStatus.Declined),
        new("200 with `status` canceled", Ok("\"canceled\"}"), ChargeStatus.Declined),
        new("200 with `status` processing", Ok("\"processing\",\"latest_charge\":\"ch_1\"}"), ChargeStatus.Processing),
        new("400 `invalid_request_error`",
            Error(400, "invalid_request_error", "resource_missing", "\"param\":\"payment_method\","), ChargeStatus.Refused),
        new("404 with the code `resource_missing`", Error(404, "invalid_request_error", "resource_missing"), ChargeStatus.Refused),
        new("401, 403 or 407",
            Error(401, "invalid_request_error", "api_key_expired"), ChargeStatus.Unavailable, ProviderFailure.Credentials),
        new("3xx, another 404, 405 or 410",
            Error(404, "invalid_request_error", "url_invalid"), ChargeStatus.Unavailable, ProviderFailure.Route),
        new("429", Error(429, "invalid_request_error", "rate_limit"), ChargeStatus.Unavailable, ProviderFailure.RateLimit),
        new("another 4xx that is not JSON: a proxy's page",
            ScriptedResponse.Of(400, "<html>", "text/html"), ChargeStatus.Unavailable, ProviderFailure.Proxy),
        new("no connection: refused, no such host, no TLS, none in time", null, ChargeStatus.Unavailable, ProviderFailure.Connection),
        new("400 `idempotency_error`: the key with other parameters",
            Error(400, "idempotency_error", "idempotency_error"), ChargeStatus.Unknown, ProviderFailure.KeyReused),
        new("409: the key is in use", Error(409, "invalid_request_error", "idempotency_key_in_use"), ChargeStatus.Unknown,
            ProviderFailure.KeyInUse),
        new("409 or 429 with the code `lock_timeout`", Error(429, "invalid_request_error", "lock_timeout"), ChargeStatus.Unknown,
            ProviderFailure.KeyInUse),
        new("408, 424, 425 or 5xx", Error(500, "api_error", "unknown"), ChargeStatus.Unknown, ProviderFailure.ServerError),
        new("200 with another `status`, or without what belongs to it",
            Ok("\"succeeded\"}"), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("200 that is no JSON object, or another 2xx", ScriptedResponse.Of(200, "[]"), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("another 4xx as JSON", Error(402, "invalid_request_error_of_tomorrow", "x"), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("a connection that is cut", new ScriptedResponse { Cuts = true }, ChargeStatus.Unknown, ProviderFailure.ConnectionLost),
        new("silence, or a body that stops", ScriptedResponse.Stalled(200, "{\"id\":"), ChargeStatus.Unknown, ProviderFailure.Timeout),
    ];

    internal static ScriptedResponse Error(int status, string type, string code, string more = "") => ScriptedResponse.Of(
        status, $$$"""{"error":{"type":"{{{type}}}","code":"{{{code}}}",{{{more}}}"message":"About pm_secret."}}""");

    private static ScriptedResponse Ok(string rest) => ScriptedResponse.Of(200, Intent + rest);
}
