using Microsoft.Extensions.Time.Testing;
using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Orders;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>
/// A migration that cannot get its table locks waits without blocking other sessions, and is applied entirely or not at all.
/// </summary>
public sealed class MigrationLockTests(SharedPostgres shared) : IAsyncLifetime
{
    private const string Last = "OrderSystem.OrderApi/0012_refunds.sql";
    private const string HasRefunds =
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'orders' AND column_name IN ('refund', 'refund_since')";
    private string address = null!;

    public async ValueTask InitializeAsync()
    {
        address = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await MigrateAsync();
        await Sql.ExecuteAsync(
            address, $"ALTER TABLE orders DROP COLUMN refund, DROP COLUMN refund_since; DELETE FROM schema_migrations WHERE id = '{Last}'");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_migration_behind_a_long_query_waits_without_blocking_other_sessions()
    {
        await using var report = await HoldAsync("SELECT count(*) FROM orders");
        var progress = new ProgressLines();
        var migration = MigrateAsync(progress: progress.Writer);

        // Each of these updates would queue behind the waiting migration until
        // the report ends, if its lock_timeout of 50 ms did not let them through.
        await using var updates = NpgsqlDataSource.Create($"{address};Options=-c lock_timeout=1s");
        var until = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(until) < TimeSpan.FromSeconds(5))
        {
            await using var other = updates.CreateCommand("UPDATE orders SET updated_at = now() WHERE false");
            await other.ExecuteNonQueryAsync();
        }

        await progress.ContainAsync(
            $"migrate: {Last} needs a lock that the session with pid {report.ProcessID} (application 'month-end report'");
        Assert.False(migration.IsCompleted);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(address, HasRefunds));
        await report.DisposeAsync();

        Assert.Equal([Last], await migration.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(2L, await Sql.ScalarAsync<long>(address, HasRefunds));
    }

    [Fact]
    public async Task A_migration_pauses_longer_each_time_gives_up_after_some_minutes_and_names_the_blocking_session()
    {
        await using var report = await HoldAsync("SELECT count(*) FROM orders");
        var (time, progress) = (new FakeTimeProvider(), new ProgressLines());
        var migration = MigrateAsync(time, progress.Writer);
        await Eventually.BeTrueAsync("the migration has given up", () =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return Task.FromResult(migration.IsCompleted);
        });

        var failure = await Assert.ThrowsAsync<StartupException>(() => migration);
        Assert.Contains(Last, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"pid {report.ProcessID} (application 'month-end report', role 'postgres', last query at 2",
            failure.Message, StringComparison.Ordinal);
        Assert.Equal(["1 s.", "2 s.", "4 s.", "5 s."], progress.Lines.Take(4).Select(line => line[^4..]));
        Assert.Equal(0L, await Sql.ScalarAsync<long>(address, HasRefunds));
    }

    [Fact]
    public async Task A_script_blocked_at_its_second_statement_rolls_back_its_first()
    {
        const string script = "OrderSystem.Messaging/0006_retention.sql";
        await Sql.ExecuteAsync(
            address, $"DROP INDEX inbox_by_age; DROP INDEX deliveries_by_age; DELETE FROM schema_migrations WHERE id = '{script}'");
        const string indexes = "SELECT count(*) FROM pg_indexes WHERE indexname IN ('inbox_by_age', 'deliveries_by_age')";
        await using var writer = await HoldAsync("LOCK TABLE deliveries IN ROW EXCLUSIVE MODE");
        var progress = new ProgressLines();
        var migration = MigrateAsync(progress: progress.Writer);

        await progress.ContainAsync($"migrate: {script} needs a lock that the session with pid {writer.ProcessID} ");
        await Eventually.BeTrueAsync("the migration has released the first table", async () =>
            await Sql.ScalarAsync<long>(
                address, "SELECT count(*) FROM pg_locks WHERE relation IN ('inbox'::regclass, 'deliveries'::regclass)") == 1);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(address, indexes));
        await writer.DisposeAsync();

        Assert.Equal([script, Last], await migration.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(2L, await Sql.ScalarAsync<long>(address, indexes));
    }

    [Fact]
    public async Task Autovacuum_yields_to_a_migration()
    {
        // The autovacuum sleeps after each page, so that it takes minutes.
        await Sql.ExecuteAsync(
            address,
            """
            ALTER TABLE orders SET (
                autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
                autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
            INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at)
                SELECT gen_random_uuid(), 'c-17', 'EUR', 1, jsonb_build_array(repeat('x', 500)), 'pending', now(), now()
                FROM generate_series(1, 20000);
            UPDATE orders SET updated_at = now();
            """);
        await (await shared.StartedAsync()).ExecuteAsync("ALTER SYSTEM SET autovacuum_naptime = '1s'");
        await (await shared.StartedAsync()).ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.BeTrueAsync("an autovacuum works on the orders", async () => await Sql.ScalarAsync<long>(
            address, "SELECT count(*) FROM pg_stat_progress_vacuum WHERE relid = 'orders'::regclass") == 1, TimeSpan.FromSeconds(60));

        Assert.Equal([Last], await MigrateAsync().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private Task<IReadOnlyList<string>> MigrateAsync(TimeProvider? time = null, TextWriter? progress = null) =>
        Migrator.ApplyAsync(address, typeof(OrdersApi).Assembly, CancellationToken.None, role: null, time, progress);

    /// <summary>A session that keeps the locks of its statement until it is disposed.</summary>
    private async Task<NpgsqlConnection> HoldAsync(string sql)
    {
        var connection = new NpgsqlConnection($"{address};Pooling=false;Application Name=month-end report");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; {sql}", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
