using NATS.Client.Core;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.OrderApi.Ops.DeadLetters;
using OrderSystem.OrderApi.Ops.Worker;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Ops;

/// <summary>Endpoints for operators; each operation is in the file of its name.</summary>
internal static class OpsApi
{
    internal static void AddOps(this IHostApplicationBuilder builder)
    {
        WorkerAccess.AddTo(builder);
        builder.AddDeadLetterOperations();
        builder.AddAudit();
        builder.Services.AddRedrive(Topology.Orders);
    }

    internal static void MapOps(this IEndpointRouteBuilder app)
    {
        var ops = app.MapGroup("/ops").WithTags("Operations").RequireAuthorization(Scopes.Operate);
        ops.MapGroup("/dead-letters").AddEndpointFilter(AnswerUnavailableAsync).MapDeadLetters();
        ops.MapAudit();
        ops.MapRedrive();
    }

    /// <summary>These operations need JetStream; a retry succeeds when it is available again.</summary>
    private static async ValueTask<object?> AnswerUnavailableAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (NatsException failure)
        {
            return Unavailable(
                context.HttpContext, $"The JetStream request failed: {failure.Message}. Retry after the number of seconds in Retry-After.");
        }
    }

    private static IResult Unavailable(HttpContext http, string detail)
    {
        http.Response.Headers.RetryAfter = "2";
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
