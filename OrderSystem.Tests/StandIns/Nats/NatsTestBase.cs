using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A connection to the server of the class, and names that no other test uses.</summary>
public abstract class NatsTestBase(NatsServerProcess server) : IAsyncDisposable
{
    private readonly List<NatsConnection> _connections = [];

    protected NatsServerProcess Server { get; } = server;

    protected string Unique { get; } = $"t{Guid.NewGuid():N}";

    protected NatsOpts Opts => NatsOpts.Default with { Url = Server.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(20), ReconnectWaitMax = TimeSpan.FromMilliseconds(100) };

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    protected NatsConnection Connect(NatsOpts? opts = null)
    {
        var connection = new NatsConnection(opts ?? Opts);
        _connections.Add(connection);
        return connection;
    }

    protected NatsJSContext JetStream(NatsOpts? opts = null) => new(Connect(opts));

    /// <summary>A stream of the unique name that takes everything below it.</summary>
    protected async Task<INatsJSStream> CreateStreamAsync(NatsJSContext js) =>
        await js.CreateStreamAsync(new StreamConfig(Unique, [$"{Unique}.>"]));

    protected async Task PublishAsync(NatsJSContext js, int count)
    {
        for (var i = 0; i < count; i++)
            (await js.PublishAsync($"{Unique}.n", i)).EnsureSuccess();
    }
}
