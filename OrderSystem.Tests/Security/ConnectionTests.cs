using System.Globalization;
using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Slow, idle and excess HTTP connections: they are closed in time, and other clients are served meanwhile.</summary>
public sealed class ConnectionTests(SharedSystem shared) : IAsyncLifetime
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly List<RawConnection> open = [];
    private RunningSystem system = null!;

    public async ValueTask InitializeAsync() => system = await shared.StartedAsync();

    public ValueTask DisposeAsync()
    {
        open.ForEach(connection => connection.Dispose());
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("OrderSystem.OrderApi")]
    [InlineData("OrderSystem.PaymentWorker")]
    public Task Slow_request_headers_get_408_after_ten_seconds(string project) => AssertTimedOutAsync(
        project == "OrderSystem.OrderApi" ? system.OrderApi : system.Worker,
        begin: connection => connection.SendAsync("GET /orders HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
        notBefore: TimeSpan.FromSeconds(8));

    [Fact]
    public Task Slow_request_bodies_get_408_after_some_seconds() =>
        AssertTimedOutAsync(
            system.OrderApi, begin: connection => connection.BeginPostAsync(Tokens.Everything, 5_000), notBefore: TimeSpan.FromSeconds(4));

    [Fact]
    public async Task Two_thousand_idle_connections_neither_block_requests_nor_grow_memory()
    {
        const int Idle = 2_000;
        await using var api = await system.StartServiceAsync("OrderSystem.OrderApi");
        using var client = new Client(api.Address);
        await client.PlaceAsync();
        var before = ResidentMemory(api);

        await OpenAsync(api, Idle);
        foreach (var connection in open.Take(Idle / 2))
            await connection.SendAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n");
        for (var i = 0; i < 20; i++)
            await client.PlaceAsync();

        Assert.InRange(ResidentMemory(api) - before, long.MinValue, 80L * 1024 * 1024);
        await api.StopAsync();
    }

    [Fact]
    public async Task Connections_over_the_limit_are_closed_at_once_and_open_ones_keep_working()
    {
        const int Most = 50;
        await using var api = await system.StartServiceAsync("OrderSystem.OrderApi", ("Limits__Connections", $"{Most}"));
        await OpenAsync(api, Most - 5);
        for (var refused = 0; refused < 10;)
        {
            var connection = await RawConnection.OpenAsync(api.Address);
            if (await connection.IsClosedAsync(within: TimeSpan.FromMilliseconds(500)))
                refused++;
            else
                open.Add(connection);
            Assert.True(open.Count <= Most, $"{open.Count} connections are open.");
        }

        await open[0].SendAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\n");
        await open[0].SendAsync("Connection: close\r\n\r\n");
        Assert.Equal("HTTP/1.1 200 OK", await open[0].ReadLineAsync());
        using var client = new Client(api.Address);
        await Eventually.BeTrueAsync(
            "a connection slot is free again", async () => (await client.Http.GetAsync("/orders?limit=1")).StatusCode == HttpStatusCode.OK);
        await api.StopAsync();
    }

    /// <summary>
    /// A hundred clients begin a request and then send single bytes slowly.
    /// Each gets 408 after a while, and other clients are served meanwhile.
    /// </summary>
    private async Task AssertTimedOutAsync(ServiceProcess service, Func<RawConnection, Task> begin, TimeSpan notBefore)
    {
        await OpenAsync(service, 100);
        foreach (var connection in open)
            await begin(connection);
        var dripping = Task.WhenAll(open.Select(connection => connection.DripAsync(Pause)));
        await OthersAreServedAsync();

        Assert.All(await dripping, ended =>
        {
            Assert.Equal("HTTP/1.1 408 Request Timeout", ended.Answer);
            Assert.True(ended.After >= notBefore, $"The request timed out after only {ended.After}.");
        });
    }

    private async Task OpenAsync(ServiceProcess service, int count)
    {
        for (var i = 0; i < count; i++)
            open.Add(await RawConnection.OpenAsync(service.Address));
    }

    private async Task OthersAreServedAsync()
    {
        using var client = new Client(system.OrderApi.Address);
        for (var i = 0; i < 10; i++)
            await client.WaitForAsync(await client.PlaceAsync(), "paid");
    }

    private static long ResidentMemory(ServiceProcess service)
    {
        var line = File.ReadLines($"/proc/{service.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
