using Microsoft.AspNetCore.Http.HttpResults;

namespace OrderSystem.PaymentGateway.Answers;

/// <summary>Every error response of the HTTP contract. Clients branch on <c>code</c>; the detail is for people.</summary>
internal static class Problems
{
    private static IResult KeyMissing { get; } =
        Of(400, "key_missing", "An Idempotency-Key header of 1 to 255 characters is required.");

    private static IResult KeyInUse { get; } =
        Of(409, "key_in_use", "A request with this Idempotency-Key is still in progress.");

    private static IResult KeyReused { get; } =
        Of(422, "key_reused", "This Idempotency-Key was used with a different request.");

    public static IResult ChargeNotFound { get; } =
        Of(404, "charge_not_found", "No charge has this id.");

    public static IResult NotRefundable { get; } =
        Of(400, "not_refundable", "The charge did not succeed, or less than this amount of it remains.");

    private static IResult RateLimited { get; } =
        Of(429, "rate_limited", "Too many requests.");

    private static IResult Outage { get; } =
        Of(503, "outage", "The provider is out of service.");

    private static IResult ServerError { get; } =
        Of(500, "server_error", "The provider failed.");

    public static ErrorBodies Errors { get; } =
        new(KeyMissing, KeyInUse, KeyReused, RateLimited, Outage, ServerError, ReplayedHeader: "Idempotency-Replayed");

    public static ValidationProblem Invalid(string field, string message) =>
        TypedResults.ValidationProblem(
            new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] },
            extensions: [new("code", "invalid")]);

    private static ProblemHttpResult Of(int status, string code, string detail) =>
        TypedResults.Problem(detail, statusCode: status, extensions: [new("code", code)]);
}
