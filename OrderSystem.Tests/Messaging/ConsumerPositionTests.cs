using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Schema;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>Where a consumer continues after it, its stream or the store of its server was lost or replaced.</summary>
public sealed class ConsumerPositionTests(SharedPostgres shared) : IAsyncLifetime
{
    private const string Consumer = "ORDER_PROCESSOR";

    private readonly Said said = new();
    private readonly List<NatsConnection> connections = [];
    private NatsServer server = null!;
    private NatsJSContext jetStream = null!;
    private NpgsqlDataSource database = null!;

    public async ValueTask InitializeAsync()
    {
        var address = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(address, typeof(OrderSystem.PaymentWorker.Payments.Payment).Assembly, CancellationToken.None);
        database = NpgsqlDataSource.Create(address);
        server = await NatsServer.StartAsync();
        jetStream = ConnectAs("tests");
        await EnsureAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in connections)
            await connection.DisposeAsync();
        await server.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_recreated_consumer_continues_behind_what_was_acknowledged()
    {
        await PublishAsync(2_000);
        await HandleAsync(1_500);
        await KeepAsync();
        await PublishAsync(10);

        await RecreateConsumerAsync();
        await KeepAsync();

        Assert.Equal((1_500UL, 510UL), await FloorAndPendingAsync());
        Assert.Equal(1_501UL, (await NextAsync()).Sequence);
        Assert.Contains(said.Lines, line => line.Contains("it continues after sequence 1500", StringComparison.Ordinal));
        Assert.False(await IsLostAsync());
    }

    [Fact]
    public async Task A_message_that_was_not_acknowledged_is_delivered_by_the_recreated_consumer()
    {
        await PublishAsync(10);
        await HandleAsync(10, exceptFor: 4);
        await KeepAsync();

        await RecreateConsumerAsync();
        await KeepAsync();

        Assert.Equal(4UL, (await NextAsync()).Sequence);
    }

    [Fact]
    public async Task A_recreated_stream_is_reported_once_and_delivered_from_its_beginning()
    {
        await PublishAsync(10);
        await HandleAsync(10);
        await KeepAsync();

        // More messages than before: its sequences alone do not tell that it began again.
        await jetStream.DeleteStreamAsync("ORDERS");
        await EnsureAsync();
        await PublishAsync(20);
        using var one = Keeper();
        using var two = Keeper();
        await Task.WhenAll(one.KeepAsync(CancellationToken.None), two.KeepAsync(CancellationToken.None));
        await Task.WhenAll(one.KeepAsync(CancellationToken.None), two.KeepAsync(CancellationToken.None));

        Assert.Contains("redrive --missing", Assert.Single(said.Errors), StringComparison.Ordinal);
        Assert.Equal((1L, 1L), (one.StreamLost, two.StreamLost));
        Assert.True(await IsLostAsync());
        Assert.Equal(1UL, (await NextAsync()).Sequence);
    }

    /// <param name="refilled">Messages that were published since the restore, before the position is compared.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(15)]
    public async Task A_store_restored_from_an_older_copy_is_reported_and_no_message_is_skipped(int refilled)
    {
        await PublishAsync(10);
        await HandleAsync(10);
        await using var copy = await StoreCopy.TakeAsync(server);
        await ReconnectedAsync();
        await PublishAsync(10);

        // The server forgot acknowledgements when it was killed.
        await RecreateConsumerAsync();
        await HandleAsync(20);
        Assert.Equal((20UL, 0UL), await FloorAndPendingAsync());
        await KeepAsync();

        await copy.RestoreAsync();
        await ReconnectedAsync();
        await PublishAsync(refilled);
        await RecreateConsumerAsync();
        await KeepAsync();

        Assert.Single(said.Errors);
        Assert.True(await IsLostAsync());
        var delivered = await DeliveredAsync(10 + refilled);
        Assert.All(Enumerable.Range(11, refilled), sequence => Assert.Contains((ulong)sequence, delivered));
    }

    [Fact]
    public async Task A_consumer_beyond_the_end_of_its_stream_is_reset_and_reported()
    {
        await PublishAsync(10);
        await HandleAsync(8);
        await KeepAsync();

        await ResetAsync(1_000);
        await PublishAsync(1);
        Assert.Null(await FindNextAsync());
        await KeepAsync();
        await KeepAsync();

        Assert.Single(said.Lines, line => line.StartsWith("1607 ", StringComparison.Ordinal));
        Assert.Single(said.Errors);
        Assert.Equal(9UL, (await NextAsync()).Sequence);
    }

    [Fact]
    public async Task A_consumer_beyond_a_stream_that_began_again_is_reset_to_its_beginning()
    {
        await PublishAsync(10);
        await HandleAsync(10);
        await KeepAsync();
        await jetStream.DeleteStreamAsync("ORDERS");
        await EnsureAsync();
        await PublishAsync(5);
        await ResetAsync(11);

        await KeepAsync();

        Assert.Equal(1UL, (await NextAsync()).Sequence);
    }

    [Fact]
    public async Task A_consumer_that_was_reset_by_hand_stays_there()
    {
        await PublishAsync(10);
        await HandleAsync(10);
        await KeepAsync();

        await ResetAsync(4);
        await KeepAsync();
        Assert.Equal(4UL, (await NextAsync()).Sequence);
        await RecreateConsumerAsync();
        await KeepAsync();

        Assert.Equal(4UL, (await NextAsync()).Sequence);
        Assert.Empty(said.Errors);
    }

    [Fact]
    public async Task A_purged_or_expired_stream_is_not_reported()
    {
        await PublishAsync(10);
        await HandleAsync(5);
        await KeepAsync();

        await jetStream.PurgeStreamAsync("ORDERS", new());
        await KeepAsync();
        await PublishAsync(3);
        await RecreateConsumerAsync();
        await KeepAsync();

        Assert.Empty(said.Errors);
        Assert.Equal(11UL, (await NextAsync()).Sequence);
    }

    /// <param name="user">One that may neither read the stream nor reset the consumer, and one that may only read.</param>
    [Theory]
    [InlineData(NatsUsers.Provisioning)]
    [InlineData(NatsUsers.Ops)]
    public async Task Without_the_permissions_a_recreated_consumer_is_delivered_its_whole_stream_again(string user)
    {
        await PublishAsync(10);
        await HandleAsync(10);
        using var keeper = Keeper(user);
        await keeper.KeepAsync(CancellationToken.None);

        await RecreateConsumerAsync();
        await PublishAsync(1);
        await keeper.KeepAsync(CancellationToken.None);
        await PublishAsync(1);
        await keeper.KeepAsync(CancellationToken.None);

        Assert.Equal(1UL, (await NextAsync()).Sequence);
        Assert.Contains("1609 ", Assert.Single(said.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_is_not_overwritten_by_an_instance_that_read_it_earlier()
    {
        var table = new PositionTable(database, Consumer);
        var at = new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);
        var first = new ConsumerPosition(at, at, AckFloor: 0, LastSequence: 0, default);
        await table.AddAsync(first, CancellationToken.None);
        var second = first with { AckFloor = 5, LastSequence = 7, LastTime = at };

        Assert.True(await table.ReplaceAsync(first, second, isLost: true, CancellationToken.None));
        Assert.False(await table.ReplaceAsync(first, first with { AckFloor = 3 }, isLost: true, CancellationToken.None));

        Assert.Equal(new KeptPosition(second, IsLost: true), await table.FindAsync(CancellationToken.None));
    }

    private NatsJSContext ConnectAs(string user)
    {
        var connection = new NatsConnection(new NatsOpts { Url = server.UrlOf(user), InboxPrefix = $"_INBOX_{user}" });
        connections.Add(connection);
        return new(connection);
    }

    private Task ReconnectedAsync() => Eventually.BeTrueAsync("the connection is open again", async () =>
    {
        await jetStream.Connection.PingAsync();
        return jetStream.Connection.ConnectionState == NatsConnectionState.Open;
    });

    private PositionKeeper Keeper(string user = NatsUsers.PaymentWorker) =>
        new(Topology.OrderProcessor, ConnectAs(user), database, TimeProvider.System, said);

    private async Task KeepAsync()
    {
        using var keeper = Keeper();
        await keeper.KeepAsync(CancellationToken.None);
        Assert.NotNull(keeper.StreamLost);
    }

    private Task EnsureAsync() => new TopologyProvisioner(
        jetStream, Options.Create(new JetStreamOptions()), NullLogger<TopologyProvisioner>.Instance).EnsureAsync(CancellationToken.None);

    private async Task RecreateConsumerAsync()
    {
        await jetStream.DeleteConsumerAsync("ORDERS", Consumer);
        await EnsureAsync();
    }

    private Task ResetAsync(int sequence) => jetStream.Connection.ApplyAsync(
        $"CONSUMER.RESET.ORDERS.{Consumer}", new() { ["seq"] = sequence }, CancellationToken.None);

    private async Task PublishAsync(int count)
    {
        for (var message = 0; message < count; message++)
            (await jetStream.PublishAsync("orders.created", "body")).EnsureSuccess();
    }

    private async Task HandleAsync(int count, int exceptFor = 0)
    {
        var consumer = await jetStream.GetConsumerAsync("ORDERS", Consumer);
        var handled = 0;
        await foreach (var message in consumer.FetchAsync<string>(new NatsJSFetchOpts { MaxMsgs = count }))
        {
            if (++handled != exceptFor)
                await message.AckAsync(new AckOpts { DoubleAck = true });
        }

        Assert.Equal(count, handled);
    }

    private async Task<(ulong Floor, ulong Pending)> FloorAndPendingAsync()
    {
        var info = (await jetStream.GetConsumerAsync("ORDERS", Consumer)).Info;
        return (info.AckFloor.StreamSeq, info.NumPending);
    }

    private async Task<(ulong Sequence, ulong Deliveries)> NextAsync() =>
        await FindNextAsync() ?? throw new Xunit.Sdk.XunitException("The consumer delivers nothing.");

    private async Task<(ulong Sequence, ulong Deliveries)?> FindNextAsync()
    {
        var message = await (await jetStream.GetConsumerAsync("ORDERS", Consumer)).NextAsync<string>(
            opts: new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(1) });
        return message?.Metadata is { } metadata ? (metadata.Sequence.Stream, metadata.NumDelivered) : null;
    }

    private async Task<List<ulong>> DeliveredAsync(int atMost)
    {
        var sequences = new List<ulong>();
        var consumer = await jetStream.GetConsumerAsync("ORDERS", Consumer);
        await foreach (var message in consumer.FetchAsync<string>(
            new NatsJSFetchOpts { MaxMsgs = atMost, Expires = TimeSpan.FromSeconds(2) }))
            sequences.Add(message.Metadata!.Value.Sequence.Stream);
        return sequences;
    }

    private async Task<bool> IsLostAsync() =>
        (await new PositionTable(database, Consumer).FindAsync(CancellationToken.None))!.IsLost;

    /// <summary>What was logged: number and text, without the level Debug.</summary>
    private sealed class Said : ILogger<PositionKeeper>
    {
        private readonly Lock guard = new();
        private readonly List<(LogLevel Level, string Line)> lines = [];

        internal IReadOnlyList<string> Lines => [.. Copy().Select(logged => logged.Line)];

        internal IReadOnlyList<string> Errors =>
            [.. Copy().Where(logged => logged.Level == LogLevel.Error).Select(logged => logged.Line)];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel > LogLevel.Debug;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (guard)
                lines.Add((logLevel, $"{eventId.Id} {formatter(state, exception)}"));
        }

        private List<(LogLevel Level, string Line)> Copy()
        {
            lock (guard)
                return [.. lines];
        }
    }
}
