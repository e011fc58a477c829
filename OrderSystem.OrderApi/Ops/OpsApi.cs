using System.Text.Json;
using System.Text.Json.Serialization;
using NATS.Client.Core;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.OrderApi.Ops.DeadLetters;
using OrderSystem.OrderApi.Ops.Timeline;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Ops;

/// <summary>Endpoints for operators; each operation is in the file of its name.</summary>
internal static class OpsApi
{
    internal static void AddOps(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, OpsJson.Default));
        builder.AddDeadLetterOperations();
        builder.AddAudit();
        builder.Services.AddRedrive(Topology.Orders);
        builder.Services.AddSingleton<TimelineReader>();

        // An operator waits for the timeline: it has a short timeout and reports a failure instead of retrying.
        builder.Services.AddHttpClient<WorkerHistory>(http => http.Timeout = WorkerHistory.Timeout)
            .RemoveHttpClientDefaults().AddHttpMessageHandler<WorkerAccess>();
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

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(AuditReport))]
[JsonSerializable(typeof(Orders.Timeline))]
internal sealed partial class OpsJson : JsonSerializerContext;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    PropertyNameCaseInsensitive = false, AllowDuplicateProperties = false, MaxDepth = 4)]
[JsonSerializable(typeof(ReplayRequest))]
internal sealed partial class OpsRequestJson : JsonSerializerContext;
