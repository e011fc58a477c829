using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.PaymentGateway.Ledger;

internal sealed record LedgerSummary(
    long Succeeded, long Declined, long Refunded, IReadOnlyList<string> OrdersChargedTwice, IReadOnlyDictionary<string, long> Attempts);

internal static class LedgerEndpoints
{
    public static void AddLedger(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LedgerOptions>().BindConfiguration("Ledger").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<CallCounter>();
        builder.Services.AddSingleton<LedgerIndex>();
        builder.Services.AddSingleton<LedgerWriter>();
        builder.Services.AddSingleton<RefundWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LedgerWriter>());
        builder.Services.AddHealthChecks().AddCheck<LedgerHealthCheck>("ledger", tags: [HealthEndpoints.ReadyTag]);
    }

    public static void MapLedger(this WebApplication app)
    {
        app.MapGet("/ledger", List);
        app.MapGet("/ledger/summary", Summarize);
        if (app.Services.GetRequiredService<IOptions<LedgerOptions>>().Value.CanBeCleared) app.MapDelete("/ledger", ClearAsync);
    }

    // NDJSON, oldest first. A client pages by the sequence of the last line that it has.
    private static PushStreamHttpResult List(LedgerWriter ledger, HttpContext http, long after = 0) =>
        TypedResults.Stream(
            body => ledger.File.CopyToAsync(body, Math.Max(0, after), http.RequestAborted),
            "application/x-ndjson");

    private static JsonHttpResult<LedgerSummary> Summarize(LedgerIndex index, CallCounter counter) =>
        TypedResults.Json(index.Summarize(counter), LedgerJson.Default.LedgerSummary);

    private static async Task<NoContent> ClearAsync(LedgerWriter ledger, CallCounter counter)
    {
        await ledger.ClearAsync();
        counter.Clear();
        return TypedResults.NoContent();
    }

    private sealed class LedgerHealthCheck(LedgerWriter ledger) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(ledger.Failure is { } failure ? HealthCheckResult.Unhealthy(failure) : HealthCheckResult.Healthy());
    }
}
