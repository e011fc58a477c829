using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.OrderApi.Errors;

/// <summary>Errors as problem details (RFC 9457): 503 with Retry-After where a retry helps.</summary>
internal static class ErrorAnswers
{
    internal static void AddErrorAnswers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<UnavailableHandler>();
    }

    internal static void UseErrorAnswers(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseFreshSessions();
    }

    /// <summary>Maps failures of the database to 503.</summary>
    private sealed class UnavailableHandler(IProblemDetailsService problems) : IExceptionHandler
    {
        private const int RetryAfterSeconds = 2;

        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            var detail = exception switch
            {
                CommitQueueFullException => "Too many orders are being written. Nothing was stored; retry later.",
                _ when PostgresErrors.IsUnavailable(exception) =>
                    "The database is unavailable. Retry with the same Idempotency-Key, if you sent one.",
                _ => null,
            };
            if (detail is null)
                return false;

            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return await problems.TryWriteAsync(new ProblemDetailsContext
            {
                HttpContext = context,
                ProblemDetails = new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable, Detail = detail },
            });
        }
    }
}
