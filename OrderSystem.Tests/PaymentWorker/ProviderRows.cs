using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>
/// The rows of the table in docs/payment-providers.md: the provider's response to a charge, and how the worker classifies it.
/// </summary>
/// <param name="Answer">The response in the words of the page.</param>
/// <param name="Script">The response on the wire; null refuses the connection.</param>
/// <param name="Status">The expected classification.</param>
/// <param name="Failure">Why the response is not an outcome.</param>
internal sealed record ProviderRow(
    string Answer, ScriptedResponse? Script, ChargeStatus Status, ProviderFailure Failure = ProviderFailure.None)
{
    private const string Succeeded = """{"id":"ch_1","status":"succeeded"}""";
    private const string Declined = """{"id":"ch_1","status":"declined","reason":"card_declined"}""";
    private const string Problem = """{"title":"Invalid"}""";

    internal static IReadOnlyList<ProviderRow> Rows { get; } =
    [
        new("200 with `status` succeeded and an `id`", ScriptedResponse.Of(200, Succeeded), ChargeStatus.Succeeded),
        new("the same with a charset that .NET does not know",
            ScriptedResponse.Of(200, Succeeded, "application/json; charset=klingon"), ChargeStatus.Succeeded),
        new("the same after a byte order mark", ScriptedResponse.Of(200, "\u00EF\u00BB\u00BF" + Succeeded), ChargeStatus.Succeeded),
        new("402 with `status` declined", ScriptedResponse.Of(402, Declined), ChargeStatus.Declined),
        new("the same with a reason that is no text",
            ScriptedResponse.Of(402, """{"status":"declined","reason":17}"""), ChargeStatus.Declined),
        new("the same with NUL or half a surrogate pair in the reason",
            ScriptedResponse.Of(402, """{"status":"declined","reason":"a\u0000b\ud800"}"""),
            ChargeStatus.Declined),
        new("202 with `status` processing and an `id`",
            ScriptedResponse.Of(202, """{"id":"ch_1","status":"processing"}"""), ChargeStatus.Processing),
        new("400 or 422 as JSON", ScriptedResponse.Of(422, Problem, "application/problem+json"), ChargeStatus.Refused),
        new("400 or 422 without a body", ScriptedResponse.Of(400, "", contentType: null), ChargeStatus.Refused),
        new("401 or 403",
            ScriptedResponse.Of(401, Problem, "application/problem+json"), ChargeStatus.Unavailable, ProviderFailure.Credentials),
        new("407", ScriptedResponse.Of(407, "", contentType: null), ChargeStatus.Unavailable, ProviderFailure.Credentials),
        new("3xx", ScriptedResponse.Of(302, "", null, "Location: /elsewhere"), ChargeStatus.Unavailable, ProviderFailure.Route),
        new("404, 405 or 410",
            ScriptedResponse.Of(404, Problem, "application/problem+json"), ChargeStatus.Unavailable, ProviderFailure.Route),
        new("429", ScriptedResponse.Of(429, "", null, "Retry-After: 90"), ChargeStatus.Unavailable, ProviderFailure.RateLimit),
        new("a 4xx that is not JSON: a proxy's page",
            ScriptedResponse.Of(400, "<html>", "text/html"), ChargeStatus.Unavailable, ProviderFailure.Proxy),
        new("no connection: refused, no such host, no TLS, none in time", null, ChargeStatus.Unavailable, ProviderFailure.Connection),
        new("202 without these, 201, 204 or another 2xx",
            ScriptedResponse.Of(201, Succeeded), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("200 without a content type, or with another than JSON",
            ScriptedResponse.Of(200, Succeeded, "text/html"), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("200 that is no JSON", ScriptedResponse.Of(200, "ok"), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("200 with `status` declined, or 402 with `status` succeeded",
            ScriptedResponse.Of(402, Succeeded), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("200 without an `id` that can be stored",
            ScriptedResponse.Of(200, """{"id":"ch_\u0000","status":"succeeded"}"""), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("a body of more than 64 KiB",
            ScriptedResponse.Of(200, Succeeded + new string(' ', 65_536)), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("another 4xx as JSON", ScriptedResponse.Of(418, Problem), ChargeStatus.Unknown, ProviderFailure.Contract),
        new("what is not HTTP", ScriptedResponse.Garbage, ChargeStatus.Unknown, ProviderFailure.Contract),
        new("408, 425 or 5xx",
            ScriptedResponse.Of(503, Problem, "application/problem+json"), ChargeStatus.Unknown, ProviderFailure.ServerError),
        new("409: the key is in use",
            ScriptedResponse.Of(409, Problem, "application/problem+json"), ChargeStatus.Unknown, ProviderFailure.KeyInUse),
        new("a connection that is cut before the head",
            new ScriptedResponse { Cuts = true }, ChargeStatus.Unknown, ProviderFailure.ConnectionLost),
        new("a body that is cut",
            ScriptedResponse.Stalled(200, "{") with { Cuts = true }, ChargeStatus.Unknown, ProviderFailure.ConnectionLost),
        new("silence", ScriptedResponse.Silence, ChargeStatus.Unknown, ProviderFailure.Timeout),
        new("a head and then silence", ScriptedResponse.Stalled(200), ChargeStatus.Unknown, ProviderFailure.Timeout),
        new("a body that stops in the middle", ScriptedResponse.Stalled(200, "{\"id\":"), ChargeStatus.Unknown, ProviderFailure.Timeout),
    ];
}
