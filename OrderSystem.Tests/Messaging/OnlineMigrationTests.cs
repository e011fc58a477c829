using Microsoft.Extensions.Time.Testing;
using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Orders;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>
/// An index that is built CONCURRENTLY: its waits block no other session, and the next migration completes what an aborted one has left.
/// </summary>
public sealed class OnlineMigrationTests(SharedPostgres shared) : IAsyncLifetime
{
    private const string Script = "OrderSystem.OrderApi/0017_refunded_orders.sql";
    private const string Valid = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('orders_refunded') AND indisvalid";
    private const string Invalid = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('orders_refunded') AND NOT indisvalid";
    private const string Recorded = $"SELECT count(*) FROM schema_migrations WHERE id = '{Script}'";
    private const string Forget = $"DELETE FROM schema_migrations WHERE id = '{Script}'";
    private const string WaitForTransactions = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'virtualxid'";
    private string address = null!;

    public async ValueTask InitializeAsync()
    {
        address = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await MigrateAsync();
        await Sql.ExecuteAsync(address, $"DROP INDEX orders_refunded; {Forget}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_index_waits_for_a_transaction_without_blocking_other_sessions_and_names_it()
    {
        await using var writer = await HoldWriterAsync();
        var (progress, time) = (new ProgressLines(), new FakeTimeProvider());
        var migration = MigrateAsync(progress, time);
        await UntilIndexWaitsAsync();

        await using var updates = NpgsqlDataSource.Create($"{address};Options=-c lock_timeout=10ms");
        for (var update = 0; update < 100; update++)
        {
            await using var other = updates.CreateCommand("UPDATE orders SET updated_at = now() WHERE false");
            await other.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await progress.ContainAsync(
            $"migrate: {Script} waits until the transaction of the session with pid {writer.ProcessID} ",
            () => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.False(migration.IsCompleted);
        await writer.DisposeAsync();

        Assert.Equal([Script], await migration.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(address, Valid));
    }

    [Fact]
    public async Task An_index_whose_build_was_aborted_is_dropped_and_built_again()
    {
        await using (await HoldWriterAsync())
        {
            var aborted = MigrateAsync();
            await UntilIndexWaitsAsync();
            await Sql.ExecuteAsync(address, $"SELECT pg_terminate_backend(pid) {WaitForTransactions}");
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => aborted);
        }

        Assert.Equal(1L, await Sql.ScalarAsync<long>(address, Invalid));
        Assert.Equal(0L, await Sql.ScalarAsync<long>(address, Recorded));

        Assert.Equal([Script], await MigrateAsync());
        Assert.Equal(1L, await Sql.ScalarAsync<long>(address, Valid));
        Assert.Empty(await MigrateAsync());
    }

    [Fact]
    public async Task An_index_that_was_built_and_not_recorded_is_only_recorded()
    {
        await MigrateAsync();
        const string identity = "SELECT 'orders_refunded'::regclass::oid::bigint";
        var built = await Sql.ScalarAsync<long>(address, identity);
        await Sql.ExecuteAsync(address, Forget);

        Assert.Equal([Script], await MigrateAsync());
        Assert.Equal(built, await Sql.ScalarAsync<long>(address, identity));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(address, Recorded));
    }

    [Fact]
    public async Task Of_two_migrations_at_once_one_builds_the_index_and_the_other_waits_for_it()
    {
        var writer = await HoldWriterAsync();
        var first = MigrateAsync();
        await UntilIndexWaitsAsync();
        var progress = new ProgressLines();
        var second = MigrateAsync(progress);
        await progress.ContainAsync("migrate: this migration waits until another one of this database ends: the session with pid ");
        await writer.DisposeAsync();

        Assert.Equal([Script], await first.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Empty(await second.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(address, Valid));
    }

    [Fact]
    public async Task A_migration_waits_for_the_session_of_one_whose_process_was_killed_and_completes_it()
    {
        var writer = await HoldWriterAsync();
        await using (var killed = ServiceProcess.Launch(
            Solution.OutputOf("OrderSystem.OrderApi"), [new("ConnectionStrings__orders", address)], "migrate"))
        {
            await UntilIndexWaitsAsync();
            await killed.KillAsync();
        }

        // PostgreSQL notices the loss of a client only when it answers it.
        var progress = new ProgressLines();
        var next = MigrateAsync(progress);
        await progress.ContainAsync("migrate: this migration waits until another one of this database ends: the session with pid ");
        await writer.DisposeAsync();

        Assert.Equal([Script], await next.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(address, Valid));
    }

    private Task<IReadOnlyList<string>> MigrateAsync(ProgressLines? progress = null, TimeProvider? time = null) =>
        Migrator.ApplyAsync(address, typeof(OrdersApi).Assembly, CancellationToken.None, role: null, time, progress?.Writer);

    /// <summary>A transaction that has written orders, and stays open until it is disposed.</summary>
    private Task<NpgsqlConnection> HoldWriterAsync() => Sql.HoldAsync(address, "LOCK TABLE orders IN ROW EXCLUSIVE MODE");

    private Task UntilIndexWaitsAsync() => Eventually.BeTrueAsync(
        "the index waits for the transaction",
        async () => await Sql.ScalarAsync<long>(address, $"SELECT count(*) {WaitForTransactions}") == 1);
}
