using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.OrderApi.Ops.Worker;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary><c>GET /ops/audit?grace=</c>: checks the invariants and lists the violations.</summary>
internal static class AuditApi
{
    private const string HttpClientName = "audit";
    private static readonly TimeSpan MaxGrace = TimeSpan.FromDays(1);
    private static readonly SemaphoreSlim OneAtATime = new(1);

    internal static void AddAudit(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<AuditOptions>(AuditOptions.Section);
        builder.Services.ConfigureHttpJsonOptions(
            options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, AuditReportJson.Default));

        // The audit streams whole tables, with a timeout for each line.
        builder.Services.AddHttpClient(HttpClientName, http => http.Timeout = Timeout.InfiniteTimeSpan)
            .RemoveHttpClientDefaults().AddHttpMessageHandler<WorkerAccess>();
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

    /// <summary>Parses seconds or <c>hh:mm:ss</c>, a day at most.</summary>
    internal static bool TryReadGrace(string text, out TimeSpan grace)
    {
        var isNumber = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= MaxGrace.TotalSeconds;
        grace = isNumber ? TimeSpan.FromSeconds(seconds) : default;
        return isNumber
            || (text.Contains(':', StringComparison.Ordinal)
                && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out grace) && grace >= TimeSpan.Zero && grace <= MaxGrace);
    }

    private static async Task<Results<Ok<AuditReport>, ValidationProblem, ProblemHttpResult>> HandleAsync(
        string? grace, Auditor auditor, CancellationToken cancellationToken)
    {
        var period = Auditor.DefaultGrace;
        if (grace is not null && !TryReadGrace(grace, out period))
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>(StringComparer.Ordinal) { ["grace"] = ["must be seconds or hh:mm:ss, at most a day"] });

        // An audit reads every order: two at once would only slow each other down.
        if (!await OneAtATime.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return TypedResults.Problem(
                "This instance is already running an audit; retry when it has finished.", statusCode: StatusCodes.Status409Conflict);
        }

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
