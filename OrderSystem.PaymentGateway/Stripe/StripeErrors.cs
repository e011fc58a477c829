using System.Text.Json.Serialization;
using OrderSystem.PaymentGateway.Answers;

namespace OrderSystem.PaymentGateway.Stripe;

internal sealed record StripeErrorBody(StripeError Error);

internal sealed record StripeError(string Type, string Message)
{
    public string? Code { get; init; }

    public string? DeclineCode { get; init; }

    public string? Param { get; init; }

    public string? Charge { get; init; }

    public StripeIntent? PaymentIntent { get; init; }
}

/// <summary>Stripe's error responses.</summary>
internal static class StripeErrors
{
    private const string Invalid = "invalid_request_error";

    public static IResult InvalidKey { get; } = Of(401, new(Invalid, "Invalid API Key provided."));

    public static IResult NoSuchCharge { get; } =
        Of(404, new(Invalid, "No such charge.") { Code = "resource_missing", Param = "charge" });

    public static IResult AlreadyRefunded { get; } =
        Of(400, new(Invalid, "The charge has already been refunded.") { Code = "charge_already_refunded" });

    /// <summary>Stripe gives it no code.</summary>
    public static IResult LessIsLeft { get; } =
        Of(400, new(Invalid, "Refund amount is greater than unrefunded amount on charge.") { Param = "amount" });

    public static ErrorBodies Errors { get; } = new(
        KeyMissing: Of(400, new(Invalid, "An Idempotency-Key header of 1 to 255 characters is required by this simulator.")),
        KeyInUse: Of(
            409,
            new(Invalid, "Another request with this idempotency key is in progress.") { Code = "idempotency_key_in_use" },
            mayRetry: true),
        KeyReused: Of(400, new("idempotency_error", "Keys can only be used with the parameters that they were first used with.")),
        RateLimited: Of(429, new(Invalid, "Too many requests.") { Code = "rate_limit" }, mayRetry: true),
        Outage: Of(503, new("api_error", "Stripe is out of service."), mayRetry: true),
        ServerError: Of(500, new("api_error", "An unknown error occurred.")),
        ReplayedHeader: "Idempotent-Replayed")
    {
        RepeatsErrors = true,
    };

    public static IResult InvalidParameter(string name, string message, string code = "parameter_invalid") =>
        Of(400, new(Invalid, message) { Code = code, Param = name });

    public static IResult Of(int status, StripeError error, bool mayRetry = false) => new Result(status, new(error), mayRetry);

    private sealed class Result(int status, StripeErrorBody body, bool mayRetry) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers["Stripe-Should-Retry"] = mayRetry ? "true" : "false";
            return TypedResults.Json(body, StripeJson.Default.StripeErrorBody, statusCode: status).ExecuteAsync(httpContext);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StripeErrorBody))]
[JsonSerializable(typeof(StripeIntent))]
[JsonSerializable(typeof(StripeChargeList))]
[JsonSerializable(typeof(StripeRefund))]
[JsonSerializable(typeof(StripeRefundList))]
[JsonSerializable(typeof(StripeEvent<StripeEventIntent>))]
[JsonSerializable(typeof(StripeEvent<StripeRefund>))]
[JsonSerializable(typeof(StripeEvent<StripeCharge>))]
[JsonSerializable(typeof(StripeEvent<StripeDispute>))]
internal sealed partial class StripeJson : JsonSerializerContext;
