using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrderSystem.Tests.Support;

/// <summary>The load to generate.</summary>
/// <param name="Orders">The maximum number of orders.</param>
/// <param name="PerSecond">The arrival rate; slow responses do not slow it down.</param>
internal sealed record LoadPlan(int Orders, double PerSecond)
{
    /// <summary>No more orders are placed once this is cancelled.</summary>
    internal CancellationToken Until { get; init; }

    /// <summary>How long a client waits for one response.</summary>
    internal TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a client retries.</summary>
    internal TimeSpan RetryTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>
/// Clients that place orders and do not give up: they retry a request with
/// the same key and body when it was rejected for now or got no response.
/// </summary>
internal sealed class LoadDriver(Func<IReadOnlyList<Uri>> apis, FaultDice dice) : IDisposable
{
    private static int runs;

    private readonly HttpClient http = Tokens.Http(Timeout.InfiniteTimeSpan);
    private readonly long epoch = Stopwatch.GetTimestamp();
    private readonly string run = $"{dice.Seed}-{Interlocked.Increment(ref runs)}";
    private int made;

    internal LoadHistory History { get; } = new();

    /// <summary>Places the orders of a plan; returns when each is accepted or given up.</summary>
    internal async Task<LoadHistory> RunAsync(LoadPlan plan)
    {
        var started = Stopwatch.GetTimestamp();
        var clients = new List<Task>();
        for (var i = 0; i < plan.Orders && !plan.Until.IsCancellationRequested; i++)
        {
            var due = TimeSpan.FromSeconds(i / plan.PerSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, TimeProvider.System);
            clients.Add(PlaceAsync(plan));
        }

        await Task.WhenAll(clients);
        return History;
    }

    /// <summary>Places one order.</summary>
    internal async Task<LoadRequest> PlaceAsync(LoadPlan? plan = null)
    {
        plan ??= new LoadPlan(1, 1);
        var number = Interlocked.Increment(ref made);
        var (quantity, price) = (1 + (number % 3), 1m + (number % 97) + 0.25m);
        var request = new LoadRequest($"{run}-{number}", $"customer-{run}-{number}", quantity * price, "EUR");
        request.Body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                customerId = request.CustomerId,
                currency = request.Currency,
                items = new[] { new { sku = "SKU-1", quantity, unitPrice = price } },
            });
        History.Add(request);
        await SendUntilAnsweredAsync(request, plan);
        return request;
    }

    /// <summary>
    /// Sends the request until it gets a definite response or the retry
    /// timeout is over. It can also repeat a request that was answered before.
    /// </summary>
    internal async Task SendUntilAnsweredAsync(LoadRequest request, LoadPlan plan)
    {
        var since = Stopwatch.GetTimestamp();
        do
        {
            var (attempt, wait) = await AttemptAsync(request, plan);
            request.Add(attempt);
            if (attempt.Outcome is LoadOutcome.Accepted or LoadOutcome.Unexpected)
                break;
            await Task.Delay(wait, TimeProvider.System);
        }
        while (Stopwatch.GetElapsedTime(since) < plan.RetryTimeout);
    }

    public void Dispose() => http.Dispose();

    private async Task<(LoadAttempt Attempt, TimeSpan Wait)> AttemptAsync(LoadRequest request, LoadPlan plan)
    {
        var api = dice.OneOf(apis());
        var started = Stopwatch.GetElapsedTime(epoch);
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(api, "/orders"))
        {
            Content = new ByteArrayContent(request.Body),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Add("Idempotency-Key", request.Key);
        using var deadline = new CancellationTokenSource(plan.AttemptTimeout);
        var soon = dice.Between(0.05, 0.3);
        try
        {
            using var response = await http.SendAsync(message, deadline.Token);
            Guid? order = response.IsSuccessStatusCode
                ? (await response.Content.ReadFromJsonAsync<JsonElement>(deadline.Token)).GetProperty("id").GetGuid()
                : null;
            var outcome = order is not null ? LoadOutcome.Accepted
                : IsRetryable(response) ? LoadOutcome.RetryLater
                : LoadOutcome.Unexpected;
            var error = outcome == LoadOutcome.Unexpected ? await response.Content.ReadAsStringAsync(deadline.Token) : null;

            // Half of Retry-After, because a test has less time than a client.
            var wait = outcome == LoadOutcome.RetryLater ? (response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero) * 0.5 : TimeSpan.Zero;
            return (new(started, Stopwatch.GetElapsedTime(epoch), api, outcome, response.StatusCode, order, error), wait + soon);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            return (new(started, Stopwatch.GetElapsedTime(epoch), api, LoadOutcome.NoResponse, null, null, failure.Message), soon);
        }
    }

    private static bool IsRetryable(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not null
        && response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict;
}
