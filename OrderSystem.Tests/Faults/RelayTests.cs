using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Npgsql;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Schema;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>The relay in isolation, with forty orders. F24: deletes from the outbox fail or are lost two hundred times.</summary>
public sealed class RelayTests(SharedPostgres shared) : IAsyncLifetime
{
    private const int Times = 200;
    private const int Orders = 40;

    /// <summary>Orders whose event is in the outbox.</summary>
    private static readonly string Waiting =
        $$"""
        INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
            SELECT gen_random_uuid(), 1, gen_random_uuid(), 'orders.created.v1', '{}', now() FROM generate_series(1, {{Orders}});
        INSERT INTO outbox (order_id, version, available_at) SELECT order_id, version, now() FROM events;
        """;

    /// <summary>
    /// A trigger that makes deletes fail. It counts them in a sequence, which the rollback of their transaction does not undo.
    /// </summary>
    private static readonly string NoDeletes =
        $$"""
        CREATE SEQUENCE deletes;
        CREATE FUNCTION prevent() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN
            IF nextval('deletes') <= {{Times}} THEN RAISE EXCEPTION 'not yet' USING ERRCODE = 'check_violation'; END IF;
            RETURN OLD; END $guard$;
        CREATE TRIGGER not_yet BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION prevent();
        """;

    private string connectionString = null!;
    private NatsServer server = null!;
    private NatsConnection nats = null!;
    private NpgsqlDataSource database = null!;

    public async ValueTask InitializeAsync()
    {
        connectionString = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(connectionString, typeof(OrderSystem.OrderApi.Orders.OrdersApi).Assembly, CancellationToken.None);
        await Sql.ExecuteAsync(connectionString, Waiting);
        database = NpgsqlDataSource.Create(connectionString);
        server = await NatsServer.StartAsync();
        nats = new NatsConnection(new NatsOpts { Url = server.Url });
        await nats.ConnectAsync();
        await using var services = Services(TimeSpan.FromSeconds(1));
        await services.GetRequiredService<TopologyProvisioner>().EnsureAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        await server.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task F24_Deletes_that_fail_two_hundred_times_leave_one_copy_of_each_event()
    {
        await Sql.ExecuteAsync(connectionString, NoDeletes);

        await RelayAllAsync();

        Assert.True(await Sql.ScalarAsync<long>(connectionString, "SELECT last_value FROM deletes") >= Times + Orders);
        Assert.Equal(Orders, await MessagesAsync());
    }

    [Fact]
    public async Task F24_A_relay_that_ends_two_hundred_times_before_its_delete_leaves_one_copy_of_each_event()
    {
        var acknowledged = 0;
        for (var death = 0; death < Times; death++)
            acknowledged += await RelayWithoutDeletesAsync();
        Assert.Equal(Times * Orders, acknowledged);
        Assert.Equal((long)Orders, await Sql.ScalarAsync<long>(connectionString, $"SELECT count(*) FROM outbox WHERE attempts = {Times}"));
        Assert.Equal(Orders, await MessagesAsync());

        await Sql.ExecuteAsync(connectionString, "UPDATE outbox SET available_at = now()");
        await RelayAllAsync();
        Assert.Equal(Orders, await MessagesAsync());
    }

    /// <summary>The first event waits for its next attempt while the second is due: the second must not overtake it.</summary>
    [Fact]
    public async Task Events_of_one_order_are_published_in_order_even_when_the_first_has_to_wait()
    {
        await Sql.ExecuteAsync(
            connectionString,
            """
            INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
                SELECT order_id, 2, gen_random_uuid(), 'orders.cancelled.v1', '{}', now() FROM events;
            UPDATE outbox SET available_at = now() + interval '2 seconds';
            INSERT INTO outbox (order_id, version, available_at) SELECT order_id, 2, now() FROM outbox;
            """);

        await RelayAllAsync();

        var consumer = await new NatsJSContext(nats).CreateConsumerAsync(
            Topology.Orders, new ConsumerConfig { AckPolicy = ConsumerConfigAckPolicy.None, HeadersOnly = true });
        var seen = new HashSet<string>();
        await foreach (var message in consumer.FetchAsync<byte[]>(
            new NatsJSFetchOpts { MaxMsgs = Orders * 2, Expires = TimeSpan.FromSeconds(5) }))
        {
            var order = message.Headers!["ce-subject"].ToString();
            Assert.True(
                seen.Add($"{order} {message.Subject}")
                    && (message.Subject == "orders.created" || seen.Contains($"{order} orders.created")),
                $"{message.Subject} of {order} came first");
        }

        Assert.Equal(Orders * 2, seen.Count);
    }

    private async Task RelayAllAsync()
    {
        await using var services = Services(TimeSpan.FromSeconds(1));
        var (committer, relay) = (services.GetRequiredService<GroupCommitter>(), services.GetRequiredService<Relay>());
        await committer.StartAsync(CancellationToken.None);
        await relay.StartAsync(CancellationToken.None);
        await Eventually.BeTrueAsync(
            "the outbox is empty", async () => await Sql.ScalarAsync<long>(connectionString, "SELECT count(*) FROM outbox") == 0);
        await relay.StopAsync(CancellationToken.None);
        await committer.StopAsync(CancellationToken.None);
    }

    /// <summary>
    /// Runs a relay whose deletes go to a committer that is never started: its acknowledgements are lost when it ends, and its lease
    /// expires afterwards. Returns the number of acknowledgements.
    /// </summary>
    private async Task<int> RelayWithoutDeletesAsync()
    {
        await Sql.ExecuteAsync(connectionString, "UPDATE outbox SET available_at = now()");
        await using var services = Services(TimeSpan.FromMinutes(1));
        using var meter = new MeterListener();
        var (meters, stored) = (services.GetRequiredService<IMeterFactory>(), 0);
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "messaging.client.sent.messages" && ReferenceEquals(instrument.Meter.Scope, meters))
                listener.EnableMeasurementEvents(instrument);
        };
        meter.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            if (!tags.ToArray().Any(tag => tag.Key == "error.type"))
                Interlocked.Add(ref stored, (int)count);
        });
        meter.Start();
        var relay = services.GetRequiredService<Relay>();
        await relay.StartAsync(CancellationToken.None);
        await Eventually.BeTrueAsync("every event is acknowledged", () => Task.FromResult(Volatile.Read(ref stored) == Orders));
        await relay.StopAsync(CancellationToken.None);
        return stored;
    }

    private async Task<int> MessagesAsync() => (int)(await new NatsJSContext(nats).GetStreamAsync(Topology.Orders)).Info.State.Messages;

    private ServiceProvider Services(TimeSpan lease) => new ServiceCollection()
        .AddLogging()
        .AddMetrics()
        .AddOptions()
        .Configure<RelayOptions>(options => (options.Lease, options.MinPoll) = (lease, TimeSpan.FromMilliseconds(50)))
        .AddSingleton(database)
        .AddSingleton<INatsJSContext>(new NatsJSContext(nats))
        .AddSingleton(TimeProvider.System)
        .AddSingleton(new EventSource("/tests"))
        .AddSingleton<MessagingMetrics>()
        .AddSingleton<CommittedEvents>()
        .AddSingleton<OutboxTable>()
        .AddSingleton<EventPublisher>()
        .AddSingleton<TopologyProvisioner>()
        .AddSingleton<GroupCommitter>()
        .AddSingleton<Relay>()
        .BuildServiceProvider();
}
