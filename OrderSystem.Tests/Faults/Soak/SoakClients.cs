using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// The clients of a shop: they place orders, repeat requests with the same key, cancel some orders, and read their status.
/// </summary>
internal sealed class SoakClients(FaultSystem system, Func<TimeSpan> clock) : IDisposable
{
    private static readonly LoadPlan Plan = new(1, 1) { RetryTimeout = TimeSpan.FromMinutes(3) };
    private readonly HttpClient http = Tokens.Http(TimeSpan.FromSeconds(8));
    private readonly ConcurrentQueue<SoakJourney> journeys = new();

    internal IReadOnlyCollection<SoakJourney> Journeys => journeys;

    /// <summary>Starts journeys until it is cancelled, and returns when all of them have ended.</summary>
    internal async Task RunAsync(double perSecond, CancellationToken until)
    {
        var (started, all) = (clock(), new List<Task>());
        for (var i = 0; !until.IsCancellationRequested; i++)
        {
            var due = TimeSpan.FromSeconds(i / perSecond) - (clock() - started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, TimeProvider.System, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            all.Add(RunJourneyAsync(until));
            if (i % 500 == 0)
                all.RemoveAll(journey => journey.IsCompletedSuccessfully);
        }

        await Task.WhenAll(all);
    }

    /// <summary>Places an order and waits until it is final, which shows that every part of the system works.</summary>
    internal async Task ProbeAsync(TimeSpan within)
    {
        var journey = await PlaceAsync();
        await Eventually.BeTrueAsync(
            "an order that was placed after the faults were healed is final",
            async () => (await GetAsync(journey)).Status is not (null or "pending"), within);
    }

    public void Dispose() => http.Dispose();

    private async Task<SoakJourney> PlaceAsync()
    {
        var journey = new SoakJourney(await system.Load.PlaceAsync(Plan));
        journeys.Enqueue(journey);
        return journey;
    }

    private async Task RunJourneyAsync(CancellationToken until)
    {
        var journey = await PlaceAsync();
        if (journey.Request.OrderId is null)
            return;
        await Task.WhenAll(
            system.Dice.Hits(0.1) ? system.Load.SendUntilAnsweredAsync(journey.Request, Plan) : Task.CompletedTask,
            system.Dice.Hits(0.12) ? CancelAsync(journey) : Task.CompletedTask,
            system.Dice.Hits(0.3) ? WatchAsync(journey, until) : Task.CompletedTask);
    }

    /// <summary>Repeats the cancel until its response is definite. Now and then two cancels run at once.</summary>
    private async Task CancelAsync(SoakJourney journey)
    {
        await Task.Delay(system.Dice.Between(0, system.Dice.Hits(0.5) ? 0.1 : 2), TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, system.Dice.Hits(0.2) ? 2 : 1).Select(_ => CancelOnceAsync(journey)));
    }

    private async Task CancelOnceAsync(SoakJourney journey)
    {
        for (var giveUp = clock() + Plan.RetryTimeout; clock() < giveUp;)
        {
            var answer = await SendAsync(journey, "cancel", HttpMethod.Post, $"/orders/{journey.Request.OrderId}/cancel");
            if (answer.Code is not (null or 429 or 503))
                return;
            await Task.Delay(system.Dice.Between(0.2, 1), TimeProvider.System);
        }
    }

    private async Task WatchAsync(SoakJourney journey, CancellationToken until)
    {
        var (pause, afterwards) = (0.1, 0);
        while (!until.IsCancellationRequested && afterwards < 4)
        {
            var answer = await GetAsync(journey);
            afterwards += answer.Status is null or "pending" ? 0 : 1;
            pause = Math.Min(pause * 1.6, 6);
            await Task.Delay(TimeSpan.FromSeconds(pause), TimeProvider.System, until).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<SoakAnswer> GetAsync(SoakJourney journey) =>
        SendAsync(journey, "GET", HttpMethod.Get, $"/orders/{journey.Request.OrderId}");

    private async Task<SoakAnswer> SendAsync(SoakJourney journey, string verb, HttpMethod method, string path)
    {
        var (started, code, status) = (clock(), (int?)null, (string?)null);
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(system.Dice.OneOf(system.ApiAddresses), path));
            using var response = await http.SendAsync(request);
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict)
                status = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").ToString();
            code = (int)response.StatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            // No response: the outcome of the request is unknown.
        }

        var answer = new SoakAnswer(verb, started, clock(), code, status);
        journey.Add(answer);
        return answer;
    }
}
