using System.Net;
using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>How calls of the resource service begin and end, byte by byte where it matters.</summary>
public sealed class ResourceServiceProtocolTests
{
    private static readonly byte[] EmptyMessage = new byte[5];

    [Theory]
    [InlineData("")]
    [InlineData("the-kez")]
    [InlineData("the-key-and-more")]
    public async Task Who_does_not_know_the_key_gets_nothing(string key)
    {
        await using var app = await ResourceServiceApp.StartAsync(_ => { });
        using var stranger = new GrpcCalls(app.Port, key);

        foreach (var method in new[] { "GetApplicationInformation", "WatchResources", "WatchResourceConsoleLogs", "ExecuteResourceCommand", "WatchInteractions", "Unknown" })
            Assert.Equal("16", (await stranger.EndOfAsync(method, EmptyMessage)).Status);
    }

    [Fact]
    public async Task What_cannot_be_answered_says_why()
    {
        await using var app = await ResourceServiceApp.StartAsync(_ => { });
        var tooLong = new byte[5];
        tooLong[1] = 1;

        Assert.Equal(("12", "/aspire.v1.DashboardService/WatchTerminals is not served here."), await app.Calls.EndOfAsync("WatchTerminals", EmptyMessage));
        Assert.Equal("12", (await app.Calls.EndOfAsync("WatchResources", [1, 0, 0, 0, 0])).Status);
        Assert.Equal("8", (await app.Calls.EndOfAsync("WatchResources", tooLong)).Status);
        Assert.Equal("13", (await app.Calls.EndOfAsync("WatchResources", [0, 0, 0, 0, 9, 1])).Status);
        Assert.Equal("13", (await app.Calls.EndOfAsync("WatchResources", [0, 0, 0, 0, 2, 0xff, 0xff])).Status);
        Assert.Equal("13", (await app.Calls.EndOfAsync("WatchResources", [])).Status);
        Assert.Equal("13", (await app.Calls.EndOfAsync("WatchResources", [.. EmptyMessage, .. EmptyMessage])).Status);
        Assert.Equal("13", (await app.Calls.EndOfAsync("WatchResources", EmptyMessage, timeout: "soon")).Status);
        using var json = await app.Calls.SendAsync("WatchResources", new StringContent("{}"), type: "application/json");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, json.StatusCode);
    }

    [Fact]
    public async Task A_message_in_pieces_is_read_as_one()
    {
        await using var app = await ResourceServiceApp.StartAsync(builder => builder.AddScript("target", "sleep 1000").WithCommand("greet", "Greet", _ => Task.FromResult(CommandResults.Success("Grüß Gott, 100 %"))));
        var frame = GrpcCalls.Frame(new ResourceCommandRequest { ResourceName = "target", CommandName = "greet" });

        using var response = await app.Calls.SendAsync("ExecuteResourceCommand", new InPieces(frame));

        var answer = await GrpcCalls.ReadAsync(await response.Content.ReadAsStreamAsync(), ResourceCommandResponse.Parser, default);
        Assert.Equal("Grüß Gott, 100 %", answer!.Message);
    }

    [Fact]
    public async Task A_deadline_ends_a_call_that_has_been_answered_in_part()
    {
        await using var app = await ResourceServiceApp.StartAsync(_ => { });
        using var watch = await app.Calls.WatchAsync("WatchResources", new WatchResourcesRequest(), WatchResourcesUpdate.Parser, timeout: "1500m");

        Assert.NotNull((await watch.NextAsync())!.InitialData);
        Assert.Equal("4", await watch.EndAsync());
    }

    [Fact]
    public async Task Who_gives_up_on_a_command_cancels_it()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await ResourceServiceApp.StartAsync(builder => builder.AddScript("target", "sleep 1000").WithCommand("wait", "Wait", async context =>
        {
            await using var registration = context.CancellationToken.Register(cancelled.SetResult);
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
            return CommandResults.Success();
        }));
        using var impatience = new CancellationTokenSource();

        var call = app.Calls.AskAsync("ExecuteResourceCommand", new ResourceCommandRequest { ResourceName = "target", CommandName = "wait" }, ResourceCommandResponse.Parser, impatience.Token);
        await started.Task.WaitAsync(SampleWeb.Patience, TimeProvider.System);
        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(SampleWeb.Patience, TimeProvider.System);
    }

    [Fact]
    public async Task The_call_for_questions_is_taken_on_at_once_and_ends_when_the_caller_ends_it()
    {
        await using var app = await ResourceServiceApp.StartAsync(_ => { });
        var body = new UntilClosed();

        using var response = await app.Calls.SendAsync("WatchInteractions", body);
        Assert.False(response.Headers.Contains("grpc-status"));
        body.Close();

        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("0", GrpcCalls.StatusOf(response).Status);
    }

    [Fact]
    public async Task When_the_application_stops_who_watches_is_told()
    {
        await using var app = await ResourceServiceApp.StartAsync(_ => { });
        using var watch = await app.Calls.WatchAsync("WatchResources", new WatchResourcesRequest(), WatchResourcesUpdate.Parser);
        await watch.NextAsync();

        await app.App.StopAsync();

        Assert.Equal("14", await watch.EndAsync());
    }

    [Fact]
    public async Task It_listens_on_this_machine_only()
    {
        await using var builder = ResourceServiceApp.NewBuilder("http://0.0.0.0:18890");

        var refused = await Assert.ThrowsAsync<DistributedApplicationException>(() => builder.StartAsync());

        Assert.Contains("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL is 'http://0.0.0.0:18890'", refused.Message, StringComparison.Ordinal);
    }

    private sealed class InPieces(byte[] body) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var one in body)
            {
                await stream.WriteAsync(new[] { one });
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length) => (length = 0) > 0;
    }

    private sealed class UntilClosed : HttpContent
    {
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void Close() => _closed.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await _closed.Task;
        }

        protected override bool TryComputeLength(out long length) => (length = 0) > 0;
    }
}
