using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;
using OrderSystem.Messaging;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>The relay by itself, against a table that does not let go.</summary>
public sealed class RelayTests(SharedPostgres shared)
{
    private const int Prevented = 200;
    private const int Orders = 40;

    [Fact]
    public async Task F24_Deletes_that_fail_two_hundred_times_leave_one_copy_of_each_event()
    {
        var connectionString = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(connectionString, typeof(OrderSystem.OrderApi.Orders.OrdersApi).Assembly, CancellationToken.None);
        await Sql.ExecuteAsync(connectionString, Seed);
        await using var server = await NatsServer.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        await nats.ConnectAsync();
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var provider = Services(database, new NatsJSContext(nats));
        await provider.GetRequiredService<TopologyProvisioner>().EnsureAsync(CancellationToken.None);
        var (committer, relay) = (provider.GetRequiredService<GroupCommitter>(), provider.GetRequiredService<Relay>());

        await committer.StartAsync(CancellationToken.None);
        await relay.StartAsync(CancellationToken.None);
        await Eventually.BeTrueAsync("the outbox is empty", async () => await Sql.ScalarAsync<long>(connectionString, "SELECT count(*) FROM outbox") == 0);
        await relay.StopAsync(CancellationToken.None);
        await committer.StopAsync(CancellationToken.None);

        Assert.True(await Sql.ScalarAsync<long>(connectionString, "SELECT last_value FROM deletes") >= Prevented + Orders);
        var stream = await new NatsJSContext(nats).GetStreamAsync(Topology.Orders);
        Assert.Equal(Orders, (int)stream.Info.State.Messages);
    }

    /// <summary>Orders whose event waits, and a guard that counts what it prevents outside of the transaction that it breaks.</summary>
    private static readonly string Seed =
        $$"""
        INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
            SELECT gen_random_uuid(), 1, gen_random_uuid(), 'orders.created.v1', '{}', now() FROM generate_series(1, {{Orders}});
        INSERT INTO outbox (order_id, version, available_at) SELECT order_id, version, now() FROM events;
        CREATE SEQUENCE deletes;
        CREATE FUNCTION prevent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('deletes') <= {{Prevented}} THEN RAISE EXCEPTION 'not yet' USING ERRCODE = 'check_violation'; END IF;
            RETURN OLD; END $$;
        CREATE TRIGGER not_yet BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION prevent();
        """;

    private static ServiceProvider Services(NpgsqlDataSource database, INatsJSContext jetStream) => new ServiceCollection()
        .AddLogging()
        .AddMetrics()
        .AddOptions()
        .Configure<RelayOptions>(options => (options.Lease, options.MinPoll) = (TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50)))
        .AddSingleton(database)
        .AddSingleton(jetStream)
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
