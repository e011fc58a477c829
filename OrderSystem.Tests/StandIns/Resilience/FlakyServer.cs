using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrderSystem.Tests.StandIns.Resilience;

/// <summary>A real HTTP server that answers what it is told, and counts.</summary>
internal sealed class FlakyServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _attempts;

    private FlakyServer(WebApplication app) => _app = app;

    /// <summary>What the n-th request gets, from 1 on.</summary>
    public Func<HttpContext, int, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public int Attempts => Volatile.Read(ref _attempts);

    public ConcurrentQueue<string> Bodies { get; } = new();

    public Uri Address { get; private set; } = null!;

    public static async Task<FlakyServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new FlakyServer(builder.Build());
        server._app.Run(server.ServeAsync);
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Urls.Single());
        return server;
    }

    /// <summary>Answers these in turn, and the last of them from then on.</summary>
    public void AnswerInTurn(params HttpStatusCode[] statuses) =>
        Answer = (http, attempt) =>
        {
            http.Response.StatusCode = (int)statuses[Math.Min(attempt, statuses.Length) - 1];
            return Task.CompletedTask;
        };

    /// <summary>Never answers; ends when the client gives up.</summary>
    public void Hang() => Answer = async (http, _) =>
    {
        var gone = new TaskCompletionSource();
        await using var registration = http.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    };

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ServeAsync(HttpContext http)
    {
        var attempt = Interlocked.Increment(ref _attempts);
        using var reader = new StreamReader(http.Request.Body);
        Bodies.Enqueue(await reader.ReadToEndAsync(http.RequestAborted));
        await Answer(http, attempt);
    }
}
