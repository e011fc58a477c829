using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;

namespace OrderSystem.Messaging.Operations;

/// <summary><c>POST /ops/redrive</c>: re-drives ledger events of the service to their stream.</summary>
public static class RedriveApi
{
    /// <summary>Adds the services of the endpoint.</summary>
    /// <param name="services">The services of a host with messaging.</param>
    /// <param name="stream">The stream of the service's events.</param>
    public static void AddRedrive(this IServiceCollection services, string stream) =>
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Redriver>(provider, stream));

    /// <summary>Maps the endpoint below <c>/ops</c>.</summary>
    public static void MapRedrive(this IEndpointRouteBuilder ops) => ops.MapPost("/redrive", HandleAsync)
        .WithName("Redrive")
        .WithSummary("Re-drives ledger events: those since a time, those of one order, or all that are missing from JetStream.")
        .Produces<RedriveReport>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(
        HttpContext http, string? since, string? orderId, string? missing, string? dryRun, string? rate, string? limit, Redriver redriver,
        CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http.Request, out var by))
            return Operator.BadNote();
        var (request, errors) = Read(since, orderId, missing, dryRun, rate, limit);
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors);
        try
        {
            return await redriver.RunAsync(request, by, cancellationToken) is { } report
                ? TypedResults.Json(report, RedriveJson.Default.RedriveReport)
                : TypedResults.Problem(
                    "Another re-drive of this service is running; retry when it has finished.", statusCode: StatusCodes.Status409Conflict);
        }
        catch (NatsException failure)
        {
            http.Response.Headers.RetryAfter = "2";
            return TypedResults.Problem(
                $"The JetStream request failed: {failure.Message}. Retry after the number of seconds in Retry-After.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static (RedriveRequest Request, Dictionary<string, string[]> Errors) Read(
        string? since, string? orderId, string? missing, string? dryRun, string? rate, string? limit)
    {
        var unreadable = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var request = new RedriveRequest(
            Parse<DateTimeOffset>(
                "since",
                since,
                (text, out value) =>
                    DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out value),
                "a time, such as 2026-01-31T12:00:00Z"),
            Parse<Guid>(
                "orderId",
                orderId,
                (text, out value) => Guid.TryParse(text, CultureInfo.InvariantCulture, out value),
                "the id of an order"),
            Parse<bool>("missing", missing, bool.TryParse, "true or false") ?? false,
            Parse<bool>("dryRun", dryRun, bool.TryParse, "true or false") ?? false,
            Parse<double>(
                "rate",
                rate,
                (text, out value) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value),
                "a number") ?? RedriveRequest.DefaultRate,
            Parse<int>(
                "limit",
                limit,
                (text, out value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value),
                "a number") ?? RedriveRequest.DefaultLimit);
        return (request, unreadable.Count > 0 ? unreadable : request.Validate());

        T? Parse<T>(string name, string? text, TryParse<T> tryParse, string what)
            where T : struct
        {
            if (text is null)
                return null;
            if (tryParse(text, out var value))
                return value;
            unreadable[name] = [$"must be {what}"];
            return null;
        }
    }

    private delegate bool TryParse<T>(string text, out T value);
}
