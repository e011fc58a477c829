using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;
using NATS.Client.Hosting;
using NATS.Net;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class HostingTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_registered_connection_is_one_for_all_its_interfaces()
    {
        var configured = 0;
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddNats(configureOpts: opts => opts with { Url = Server.Url }, configureConnection: _ => configured++)
            .BuildServiceProvider();
        var connection = provider.GetRequiredService<NatsConnection>();
        Assert.Same(connection, provider.GetRequiredService<INatsConnection>());
        Assert.Same(connection, provider.GetRequiredService<INatsClient>());
        Assert.Equal(1, configured);
        await connection.PingAsync();
    }

    [Fact]
    public async Task A_key_tells_connections_apart()
    {
        await using var provider = new ServiceCollection()
            .AddLogging()
            .AddNats(configureOpts: opts => opts with { Name = "plain" })
            .AddNats(configureOpts: opts => opts with { Name = "keyed" }, key: "k")
            .BuildServiceProvider();
        Assert.Equal("plain", provider.GetRequiredService<INatsConnection>().Opts.Name);
        Assert.Equal("keyed", provider.GetRequiredKeyedService<INatsConnection>("k").Opts.Name);
    }

    [Fact]
    public void A_pool_is_not_supported() => Assert.Throws<NotSupportedException>(() => new ServiceCollection().AddNats(poolSize: 2));

    [Fact]
    public async Task The_simple_client_speaks_json_and_pushes_back()
    {
        await using var client = new NatsClient(Server.Url);
        Assert.Equal(System.Threading.Channels.BoundedChannelFullMode.Wait, client.Connection.Opts.SubPendingChannelFullMode);
        await using var sub = await client.Connection.SubscribeCoreAsync<Dictionary<string, int>>(Unique);
        await client.PublishAsync(Unique, new Dictionary<string, int> { ["a"] = 1 });
        Assert.Equal(1, (await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask())).Data!["a"]);
        Assert.True((await client.CreateJetStreamContext().GetAccountInfoAsync()).Limits.MaxStreams < 0);
    }
}
