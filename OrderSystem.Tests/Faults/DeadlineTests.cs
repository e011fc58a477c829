using System.Diagnostics;
using System.Net;
using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>During a NATS outage every call of a person or a probe is answered: with the data that needs no NATS, or with 503.</summary>
public sealed class DeadlineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(6);

    public enum Outage
    {
        /// <summary>The connection is lost, and the client waits for a new one.</summary>
        Stopped,

        /// <summary>The connection is open, and no answer comes.</summary>
        Frozen,
    }

    [Theory]
    [InlineData(Outage.Stopped)]
    [InlineData(Outage.Frozen)]
    public async Task During_a_NATS_outage_every_call_is_answered_within_six_seconds(Outage outage)
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        using var worker = new Client(system.Worker.Address);
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        if (outage == Outage.Stopped)
            await system.Nats.KillAsync();
        else
            await system.Nats.SignalAsync("STOP");

        (Client Client, HttpMethod Method, string Path, HttpStatusCode Expected)[] calls =
        [
            (client, HttpMethod.Get, "/health", HttpStatusCode.ServiceUnavailable),
            (client, HttpMethod.Get, $"/orders/{order}", HttpStatusCode.OK),
            (client, HttpMethod.Get, $"/orders/{order}/timeline", HttpStatusCode.OK),
            (client, HttpMethod.Get, "/ops/audit", HttpStatusCode.OK),
            (client, HttpMethod.Get, "/ops/dead-letters", HttpStatusCode.ServiceUnavailable),
            (client, HttpMethod.Post, "/ops/dead-letters/replay", HttpStatusCode.ServiceUnavailable),
            (client, HttpMethod.Post, "/ops/redrive?missing=true", HttpStatusCode.ServiceUnavailable),
            (worker, HttpMethod.Get, "/health", HttpStatusCode.ServiceUnavailable),
            (worker, HttpMethod.Post, "/ops/redrive?missing=true", HttpStatusCode.ServiceUnavailable),
            (worker, HttpMethod.Post, "/ops/pause", HttpStatusCode.NoContent),
            (worker, HttpMethod.Post, "/ops/resume", HttpStatusCode.NoContent),
        ];
        foreach (var (caller, method, path, expected) in calls)
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { { "X-Operator", "a test" } } };
            if (path.EndsWith("/replay", StringComparison.Ordinal))
                request.Content = new StringContent("""{"all":true}""", Encoding.UTF8, "application/json");
            var asked = Stopwatch.GetTimestamp();
            using var answer = await SendAsync(caller, request);
            var body = await answer.Content.ReadAsStringAsync();
            var took = Stopwatch.GetElapsedTime(asked);
            Assert.True(took < Limit, $"{method} {path} took {took}: {(int)answer.StatusCode} {body}");
            Assert.True(
                answer.StatusCode == expected || (path == "/health" && answer.StatusCode == HttpStatusCode.OK),
                $"{method} {path} answered {(int)answer.StatusCode}: {body}");
        }

        var placing = Stopwatch.GetTimestamp();
        var placed = await client.PlaceAsync();
        Assert.True(Stopwatch.GetElapsedTime(placing) < Limit);

        if (outage == Outage.Stopped)
            await system.Nats.StartAgainAsync();
        else
            await system.Nats.SignalAsync("CONT");
        await client.WaitForAsync(placed, "paid", TimeSpan.FromSeconds(90));
    }

    private static async Task<HttpResponseMessage> SendAsync(Client caller, HttpRequestMessage request)
    {
        using var deadline = new CancellationTokenSource(5 * Limit, TimeProvider.System);
        try
        {
            return await caller.Http.SendAsync(request, deadline.Token);
        }
        catch (OperationCanceledException cancelled)
        {
            throw new Xunit.Sdk.XunitException($"{request.Method} {request.RequestUri} was not answered at all.", cancelled);
        }
    }
}
