using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using OrderSystem.Messaging.Persistence;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Errors;

/// <summary>What a caller is told when something breaks: problem details (RFC 9457), and 503 with Retry-After when trying again will help.</summary>
internal static class ErrorAnswers
{
    internal static void AddErrorAnswers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<UnavailableHandler>();
    }

    internal static void UseErrorAnswers(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<OrderMetrics>();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Response.StatusCode >= StatusCodes.Status400BadRequest && context.Request.Path.StartsWithSegments("/orders", StringComparison.Ordinal))
                metrics.Rejected(context.Response.StatusCode);
        });
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseFreshSessions();
    }

    /// <summary>The one place where a failure of the database becomes an answer.</summary>
    private sealed class UnavailableHandler(IProblemDetailsService problems) : IExceptionHandler
    {
        private const int RetryAfterSeconds = 2;

        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            var detail = exception switch
            {
                CommitQueueFullException => "Too many orders are being written at once. Nothing was stored; try again.",
                _ when PostgresErrors.IsUnavailable(exception) => "The database cannot be reached now. Try again with the same Idempotency-Key, if you sent one.",
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
