using Npgsql;
using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Phases;
using OrderSystem.LoadTest.Report;
using OrderSystem.LoadTest.Self;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The generator against the system, and the measurements against PostgreSQL.</summary>
public sealed class RunTests(SharedSystem shared, SharedPostgres servers)
{
    [Theory]
    [InlineData(null)]
    [InlineData(50.0)]
    public async Task Every_accepted_order_is_followed_until_it_is_paid(double? rate)
    {
        var system = await shared.StartedAsync();
        ProcessTree[] processes = [new("order-api", system.OrderApi.Id)];
        using var runner = new PhaseRunner(
            system.OrderApi.Address,
            Tokens.Everything,
            BodyMix.Default,
            system.OrdersDatabase,
            processes,
            telemetry: null,
            new Volumes(
                system.OrdersDatabase, system.PaymentsDatabase, system.Nats.UrlOf(NatsUsers.Provisioning),
                $"_INBOX_{NatsUsers.Provisioning}"),
            settle: TimeSpan.FromSeconds(60),
            TimeProvider.System);
        var plan = new PhasePlan("test", "low load", rate, Connections: 3, TimeSpan.FromSeconds(2.5));
        var phase = await runner.RunAsync(plan, CancellationToken.None);

        Assert.Empty(phase.Errors);
        Assert.True(phase.Accepted > 10, $"{phase.Accepted} orders");
        Assert.Equal(new Dictionary<string, long> { ["paid"] = phase.Accepted }, phase.Statuses);
        Assert.Equal(phase.Accepted, phase.Settled);
        Assert.Equal(phase.Accepted, phase.PostToPaid.Count);
        Assert.Equal(phase.Settled, phase.SettledBySecond.Sum());
        Assert.True(phase.PostToPaid.P50 > phase.Post.Distribution[0].Milliseconds, "An order was paid before it was accepted.");
        Assert.True(phase.CpuPerOrder["order-api"] > 0, "The API used no CPU.");
        Assert.NotEmpty(phase.Seconds);
        Assert.True(phase.Memory["order-api"].Most > 20, "The API used no memory.");
        Assert.True(phase.Volume!.Messages >= 2, $"{phase.Volume.Messages} messages per order, which has two events.");
        Assert.True(phase.Volume.Wal > 1, $"{phase.Volume.Wal} kB of WAL per order.");
        Assert.True(phase.Volume.Streams > 0.5, $"{phase.Volume.Streams} kB in the streams per order.");
        Assert.True(phase.Volume.Wire > 1, $"{phase.Volume.Wire} kB sent per order.");
        Assert.Contains("orders.events", phase.Volume.Tables.Keys);
        Assert.Contains("payments.payments", phase.Volume.Tables.Keys);
    }

    [Fact]
    public void Volumes_are_the_growth_per_order()
    {
        var before = new VolumeReport(Wal: 100, new Dictionary<string, double> { ["orders.events"] = 10 }, 50, 20, 1_000);
        var tables = new Dictionary<string, double> { ["orders.events"] = 20, ["orders.inbox"] = 5 };
        var volume = Volumes.PerOrder(before, new(Wal: 150, tables, 60, 40, 1_070), orders: 10);

        Assert.Equal((5.0, 1.0, 2.0, 7.0), (volume.Wal, volume.Streams, volume.Messages, volume.Wire));
        Assert.Equal((1.0, 0.5), (volume.Tables["orders.events"], volume.Tables["orders.inbox"]));
    }

    [Fact]
    public async Task The_yardstick_writes_complete_orders_without_pgbench()
    {
        await using var database = NpgsqlDataSource.Create(await (await servers.StartedAsync()).CreateDatabaseAsync());
        await using var connection = await database.OpenConnectionAsync();
        await using var schema = new NpgsqlCommand(Yardstick.Resource("schema.sql"), connection);
        await schema.ExecuteNonQueryAsync();
        var script = YardstickScript.Parse(Yardstick.Resource("whole-life.sql"));
        await script.RunAsync(connection, CancellationToken.None);
        await script.RunAsync(connection, CancellationToken.None);

        Assert.Equal(5, script.Statements.Count);
        await using var count = new NpgsqlCommand(
            """
            SELECT (SELECT count(*) FROM orders WHERE status = 'paid')
                || ' ' || (SELECT count(*) FROM payments WHERE status = 'succeeded')
                || ' ' || (SELECT count(*) FROM outbox)
            """,
            connection);
        Assert.Equal("2 2 0", await count.ExecuteScalarAsync());
    }

    [Fact]
    public async Task The_relay_measurement_claims_events_of_the_outbox()
    {
        var address = await (await servers.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(address, typeof(AuditChecks).Assembly, CancellationToken.None);
        await Sql.ExecuteAsync(address, StoredOrders.Waiting(20_000));
        await using var database = NpgsqlDataSource.Create(PostgresDefaults.Complete(address, "load-test"));
        var table = new OutboxTable(database);

        Assert.True(await RelayPick.MeasureAsync(table, TimeProvider.System, CancellationToken.None) > 0);
        const string Claimed = "SELECT count(*) FROM outbox WHERE attempts = 1 AND available_at > now()";
        Assert.Equal(20_000L, await Sql.ScalarAsync<long>(address, Claimed));
        await Assert.ThrowsAsync<LoadTestException>(() => RelayPick.MeasureAsync(table, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task CPU_of_an_ended_child_counts_for_its_parent()
    {
        const string Busy = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; exec sleep 60";
        await using var shell = ChildProcess.Start(["sh", "-c", Busy]);
        var (tree, alone) = (new ProcessTree("shell", shell.Id), new ProcessTree("shell", shell.Id, IsAlone: true));
        await Eventually.GetAsync(
            "the child has ended", () => File.ReadAllTextAsync($"/proc/{shell.Id}/comm"), name => name.Trim() == "sleep");
        Assert.True(tree.CpuSeconds() >= 0.05, $"{tree.CpuSeconds()} s: the CPU of the ended child is missing.");
        Assert.True(alone.CpuSeconds() < tree.CpuSeconds(), "The CPU of the child counts although the process is alone.");
        Assert.True(tree.MemoryMegabytes() > 0.5);
    }
}
