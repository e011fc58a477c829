using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>A backfill in batches, such as Samples/Migrations/0002_backfill.sql: each is a transaction, and none is repeated.</summary>
public sealed class BackfillTests(SharedPostgres shared)
{
    private const string Script = "OrderSystem.Tests/0002_backfill.sql";
    private const string Filled = "SELECT count(words) FROM samples";
    private const string Version = "SELECT xmin::text FROM samples WHERE id = 1";

    [Fact]
    public async Task A_backfill_keeps_its_batches_blocks_no_other_row_and_continues_after_it_was_killed()
    {
        var address = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await MigrateAsync(address);
        await Sql.ExecuteAsync(address, $"UPDATE samples SET words = NULL; DELETE FROM schema_migrations WHERE id = '{Script}'");
        var holder = await Sql.HoldAsync(address, "SELECT * FROM samples WHERE id = 7001 FOR UPDATE");
        var progress = new ProgressLines();
        var killed = MigrateAsync($"{address};Application Name=migration", progress);
        await progress.ContainAsync($"migrate: {Script} needs a lock that the session with pid {holder.ProcessID} ");
        Assert.Equal(7000L, await Sql.ScalarAsync<long>(address, Filled));

        // A row of the batch that waits is locked for 50 ms at a time.
        await Sql.ExecuteAsync($"{address};Options=-c lock_timeout=1s", "UPDATE samples SET name = name WHERE id IN (1, 7002, 9000)");

        await Sql.ExecuteAsync(
            address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migration'");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => killed);
        Assert.Equal(7000L, await Sql.ScalarAsync<long>(address, Filled));

        var version = await Sql.ScalarAsync<string>(address, Version);
        await holder.DisposeAsync();
        Assert.Equal([Script], await MigrateAsync(address));
        Assert.Equal(10_000L, await Sql.ScalarAsync<long>(address, Filled));
        Assert.Equal(version, await Sql.ScalarAsync<string>(address, Version));
    }

    private static Task<IReadOnlyList<string>> MigrateAsync(string address, ProgressLines? progress = null) =>
        Migrator.ApplyAsync(address, typeof(BackfillTests).Assembly, CancellationToken.None, role: null, time: null, progress?.Writer);
}
