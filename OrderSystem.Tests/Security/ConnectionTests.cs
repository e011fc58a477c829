using System.Globalization;
using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Connections that hold something and give nothing: they are closed in time, and meanwhile others are served.</summary>
public sealed class ConnectionTests(SharedSystem shared) : IAsyncLifetime
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
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
    public async Task Slow_heads_are_given_up_after_ten_seconds(string project)
    {
        var service = project == "OrderSystem.OrderApi" ? system.OrderApi : system.Worker;
        await OpenAsync(service, 100);
        foreach (var connection in open)
            await connection.SendAsync("GET /orders HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        var dripping = Task.WhenAll(open.Select(connection => connection.DripAsync(Pause, Patience)));
        await OthersAreServedAsync();

        Assert.All(await dripping, ended =>
        {
            Assert.Equal("HTTP/1.1 408 Request Timeout", ended.Answer);
            Assert.InRange(ended.After.TotalSeconds, 8, 20);
        });
    }

    [Fact]
    public async Task Slow_bodies_are_given_up_after_some_seconds()
    {
        await OpenAsync(system.OrderApi, 100);
        foreach (var connection in open)
            await connection.BeginPostAsync(Tokens.Everything, 5_000);
        var dripping = Task.WhenAll(open.Select(connection => connection.DripAsync(Pause, Patience)));
        await OthersAreServedAsync();

        Assert.All(await dripping, ended =>
        {
            Assert.Equal("HTTP/1.1 408 Request Timeout", ended.Answer);
            Assert.InRange(ended.After.TotalSeconds, 4, 15);
        });
    }

    [Fact]
    public async Task Two_thousand_idle_connections_are_in_nobodys_way()
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
    public async Task More_connections_than_may_be_open_are_closed_at_once_and_those_that_are_open_go_on()
    {
        const int Most = 50;
        await using var api = await system.StartServiceAsync("OrderSystem.OrderApi", ("Limits__Connections", $"{Most}"));
        using var deadline = new CancellationTokenSource(Patience);
        await OpenAsync(api, Most - 5);
        for (var refused = 0; refused < 10;)
        {
            var connection = await RawConnection.OpenAsync(api.Address);
            if (await connection.IsClosedAsync(within: TimeSpan.FromMilliseconds(500)))
                refused++;
            else
                open.Add(connection);
            Assert.True(open.Count <= Most, $"{open.Count} are open.");
        }

        await open[0].SendAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\n");
        await open[0].SendAsync("Connection: close\r\n\r\n");
        Assert.Equal("HTTP/1.1 200 OK", await open[0].ReadAsync(deadline.Token));
        using var client = new Client(api.Address);
        await Eventually.BeTrueAsync("there is room again", async () => (await client.Http.GetAsync("/orders?limit=1")).StatusCode == HttpStatusCode.OK);
        await api.StopAsync();
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
