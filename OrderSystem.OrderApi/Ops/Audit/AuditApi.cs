using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.OrderApi.Ops.Worker;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary><c>GET /ops/audit?grace=</c>: whether the invariants hold, and what disagrees.</summary>
internal static class AuditApi
{
    private const string HttpClientName = "audit";
    private static readonly TimeSpan LongestGrace = TimeSpan.FromDays(1);
    private static readonly SemaphoreSlim OneAtATime = new(1);

    internal static void AddAudit(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<AuditOptions>(AuditOptions.Section);
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, AuditReportJson.Default));

        // It reads whole tables as streams, with a deadline for each line.
        builder.Services.AddHttpClient(HttpClientName, http => http.Timeout = Timeout.InfiniteTimeSpan).RemoveHttpClientDefaults().AddHttpMessageHandler<WorkerAccess>();
        builder.Services.AddSingleton(services =>
        {
            var clients = services.GetRequiredService<IHttpClientFactory>();
            return ActivatorUtilities.CreateInstance<Auditor>(services, () => clients.CreateClient(HttpClientName));
        });
        builder.Services.AddHostedService<AuditSchedule>();
    }

    internal static void MapAudit(this IEndpointRouteBuilder ops) => ops.MapGet("/audit", HandleAsync)
        .WithName("Audit")
        .WithSummary("Compares the orders with their events, streams, payments and the provider's ledger.")
        .ProducesProblem(StatusCodes.Status409Conflict);

    /// <summary>Seconds, or <c>hh:mm:ss</c>.</summary>
    internal static bool TryReadGrace(string text, out TimeSpan grace)
    {
        var isNumber = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= LongestGrace.TotalSeconds;
        grace = isNumber ? TimeSpan.FromSeconds(seconds) : default;
        return isNumber || (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out grace) && grace >= TimeSpan.Zero && grace <= LongestGrace);
    }

    private static async Task<Results<Ok<AuditReport>, ValidationProblem, ProblemHttpResult>> HandleAsync(string? grace, Auditor auditor, CancellationToken cancellationToken)
    {
        var period = Auditor.DefaultGrace;
        if (grace is not null && !TryReadGrace(grace, out period))
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["grace"] = ["must be seconds or hh:mm:ss, at most a day"] });

        // It reads every order: two at once would only slow each other down.
        if (!await OneAtATime.WaitAsync(TimeSpan.Zero, cancellationToken))
            return TypedResults.Problem("An audit is running. Ask again when it is done.", statusCode: StatusCodes.Status409Conflict);
        try
        {
            return TypedResults.Ok(await auditor.RunAsync(period, cancellationToken));
        }
        finally
        {
            OneAtATime.Release();
        }
    }
}
