using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>Group commit: the writes of concurrent callers share a transaction, and each caller gets its own result.</summary>
public sealed class GroupCommitterTests(SharedPostgres shared) : IAsyncLifetime
{
    private string connectionString = null!;
    private NpgsqlDataSource database = null!;
    private GroupCommitter committer = null!;

    public async ValueTask InitializeAsync()
    {
        connectionString = await (await shared.StartedAsync()).CreateDatabaseAsync();
        database = NpgsqlDataSource.Create(connectionString + ";Max Auto Prepare=40;Auto Prepare Min Usages=2");
        await ExecuteAsync(
            "CREATE TABLE notes (id uuid PRIMARY KEY, text text NOT NULL CHECK (text <> 'refused'), "
                + "transaction xid8 NOT NULL DEFAULT pg_current_xact_id())");
        committer = await StartAsync(new());
    }

    public async ValueTask DisposeAsync()
    {
        await committer.StopAsync(CancellationToken.None);
        committer.Dispose();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Concurrent_writes_share_transactions_and_each_caller_gets_its_own_result()
    {
        var rows = Enumerable.Range(0, 500).Select(i => new Note(Guid.NewGuid(), $"note {i}")).ToArray();

        var answers = await Task.WhenAll(rows.Select(row => committer.WriteAsync(InsertNote.Write, row)));

        Assert.Equal(rows.Select(row => row.Text), answers);
        Assert.Equal(500L, await CountAsync("SELECT count(*) FROM notes"));
        Assert.InRange(await CountAsync("SELECT count(DISTINCT transaction) FROM notes"), 1, 50);
    }

    [Fact]
    public async Task A_row_that_fails_fails_only_its_own_caller()
    {
        var rows = Enumerable.Range(0, 200).Select(i => new Note(Guid.NewGuid(), i % 50 == 7 ? "refused" : $"note {i}")).ToArray();

        var writes = rows.Select(row => committer.WriteAsync(InsertNote.Write, row)).ToArray();
        await Task.WhenAll(writes).ContinueWith(_ => { }, TaskScheduler.Default);

        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i].Text == "refused")
                Assert.Equal(PostgresErrorCodes.CheckViolation, (await Assert.ThrowsAsync<PostgresException>(() => writes[i])).SqlState);
            else
                Assert.Equal(rows[i].Text, await writes[i]);
        }

        Assert.Equal(196L, await CountAsync("SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task Writes_for_the_same_order_are_applied_in_the_order_of_their_calls()
    {
        var id = Guid.NewGuid();
        var writes = Enumerable.Range(0, 20).Select(i => committer.WriteAsync(UpsertNote.Write, new Note(id, $"{i}"))).ToArray();
        await Task.WhenAll(writes);

        Assert.Equal(1L, await CountAsync("SELECT count(*) FROM notes WHERE text = '19'"));
    }

    [Fact]
    public async Task Writes_with_and_without_results_are_committed_side_by_side()
    {
        var old = Enumerable.Range(0, 50).Select(i => new Note(Guid.NewGuid(), $"old {i}")).ToArray();
        await Task.WhenAll(old.Select(row => committer.WriteAsync(InsertNote.Write, row)));
        var rows = Enumerable.Range(0, 50).Select(i => new Note(Guid.NewGuid(), $"note {i}")).ToArray();

        var answers = await Task.WhenAll(rows.Select((row, i) =>
        {
            committer.Enqueue(DeleteNote.Write, old[i]);
            return committer.WriteAsync(InsertNote.Write, row);
        }));

        Assert.Equal(rows.Select(row => row.Text), answers);
        await committer.StopAsync(CancellationToken.None);
        Assert.Equal(0L, await CountAsync("SELECT count(*) FROM notes WHERE text LIKE 'old%'"));
    }

    [Fact]
    public async Task A_piggybacked_write_shares_the_transaction_of_an_awaited_write()
    {
        var time = new FakeTimeProvider();
        using var frozen = await StartAsync(new(), time);

        frozen.Enqueue(InsertNote.Write, new Note(Guid.NewGuid(), "piggybacked"));
        await frozen.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "note"));

        Assert.Equal(1L, await CountAsync(
            "SELECT count(DISTINCT transaction) FROM notes WHERE text IN ('piggybacked', 'note') HAVING count(*) = 2"));
        await frozen.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_piggybacked_write_without_an_awaited_write_is_committed_after_a_short_delay()
    {
        var time = new FakeTimeProvider();
        using var frozen = await StartAsync(new(), time);

        for (var i = 1; i <= 3; i++)
        {
            frozen.Enqueue(InsertNote.Write, new Note(Guid.NewGuid(), "piggybacked"));
            time.Advance(TimeSpan.FromMilliseconds(20));
            await Eventually.BeTrueAsync(
                $"number {i} is written", async () => await CountAsync("SELECT count(*) FROM notes WHERE text = 'piggybacked'") == i);
        }

        await frozen.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_full_batch_of_piggybacked_writes_is_committed_without_delay()
    {
        var time = new FakeTimeProvider();
        using var frozen = await StartAsync(new() { MaxBatch = 10 }, time);

        for (var i = 0; i < 25; i++)
            frozen.Enqueue(InsertNote.Write, new Note(Guid.NewGuid(), "piggybacked"));

        await Eventually.BeTrueAsync(
            "two batches are written", async () => await CountAsync("SELECT count(*) FROM notes WHERE text = 'piggybacked'") >= 20);
        await frozen.StopAsync(CancellationToken.None);
        Assert.Equal(25L, await CountAsync("SELECT count(*) FROM notes WHERE text = 'piggybacked'"));
    }

    [Fact]
    public async Task A_piggybacked_write_goes_with_the_next_batch_even_if_that_batch_is_full()
    {
        using var frozen = await StartAsync(new() { MaxBatch = 10 }, new FakeTimeProvider());
        await SlowDownAsync("first");
        var writes = new List<Task<string>> { frozen.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "first")) };
        await Eventually.BeTrueAsync("the commit hangs", HangsAsync);

        frozen.Enqueue(InsertNote.Write, new Note(Guid.NewGuid(), "piggybacked"));
        writes.AddRange(Enumerable.Range(0, 20).Select(i => frozen.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), $"note {i}"))));
        await Task.WhenAll(writes);

        Assert.Equal(1L, await CountAsync(
            "SELECT count(*) FROM notes AS a JOIN notes AS b USING (transaction) WHERE a.text = 'piggybacked' AND b.text = 'note 0'"));
        await frozen.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_failure_of_the_COMMIT_itself_reaches_the_callers()
    {
        await ExecuteAsync(
            "ALTER TABLE notes ADD COLUMN other uuid DEFAULT gen_random_uuid() REFERENCES notes DEFERRABLE INITIALLY DEFERRED");

        var failure = await Assert.ThrowsAsync<PostgresException>(
            () => committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "note")));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, failure.SqlState);
        Assert.Equal(0L, await CountAsync("SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task Stopping_commits_accepted_writes_and_rejects_new_ones()
    {
        var writes = Enumerable.Range(0, 300)
            .Select(i => committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), $"note {i}"))).ToArray();
        await committer.StopAsync(CancellationToken.None);
        await Task.WhenAll(writes);

        Assert.Equal(300L, await CountAsync("SELECT count(*) FROM notes"));
        await Assert.ThrowsAsync<CommitQueueFullException>(() => committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "late")));
    }

    [Fact]
    public async Task Stopping_commits_piggybacked_writes()
    {
        using var frozen = await StartAsync(new(), new FakeTimeProvider());

        frozen.Enqueue(InsertNote.Write, new Note(Guid.NewGuid(), "piggybacked"));
        await frozen.StopAsync(CancellationToken.None);

        Assert.Equal(1L, await CountAsync("SELECT count(*) FROM notes WHERE text = 'piggybacked'"));
    }

    [Fact]
    public async Task Callers_beyond_the_queue_limit_are_rejected()
    {
        using var small = await StartAsync(new() { MaxWaiting = 10 });
        await ExecuteAsync("ALTER TABLE notes ADD CHECK (pg_sleep(0.05) IS NOT NULL)");

        var writes = Enumerable.Range(0, 30)
            .Select(i => small.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), $"note {i}"))).ToArray();
        await Task.WhenAll(writes).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(20, writes.Count(write => write.Exception?.InnerException is CommitQueueFullException));
        Assert.Equal(10, writes.Count(write => write.IsCompletedSuccessfully));
        await small.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_caller_behind_a_hanging_commit_times_out_and_its_write_is_discarded()
    {
        using var shortWait = await StartAsync(new() { MaxWait = TimeSpan.FromSeconds(1) });
        await SlowDownAsync("hanging");
        var hanging = shortWait.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "hanging"));
        await Eventually.BeTrueAsync("the commit hangs", HangsAsync);

        var behind = shortWait.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "behind"));
        await Assert.ThrowsAsync<TimeoutException>(() => behind.WaitAsync(TimeSpan.FromSeconds(3)));
        await Assert.ThrowsAsync<TimeoutException>(() => hanging);
        await Eventually.BeTrueAsync("the hanging commit has ended", async () => !await HangsAsync());

        await shortWait.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "after"));
        Assert.Equal(0L, await CountAsync("SELECT count(*) FROM notes WHERE text = 'behind'"));
        Assert.Equal(1L, await CountAsync("SELECT count(*) FROM notes WHERE text = 'hanging'"));
        await shortWait.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_terminated_session_fails_one_batch_and_is_replaced()
    {
        await committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "before"));
        await ExecuteAsync(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "lost")));
        await committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), "after"));

        Assert.Equal(2L, await CountAsync("SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task A_row_locked_by_another_session_delays_only_its_own_caller()
    {
        // More than the sessions that wait for locks: writes to rows that are not locked must not queue behind them.
        var held = Enumerable.Range(0, 12).Select(i => new Note(Guid.NewGuid(), $"held {i}")).ToArray();
        await Task.WhenAll(held.Select(row => committer.WriteAsync(InsertNote.Write, row)));
        await using var holder = await database.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("SELECT 1 FROM notes FOR UPDATE", holder, transaction))
            await command.ExecuteNonQueryAsync();

        for (var round = 0; round < 2; round++)
        {
            // In one burst, the locked rows spread over it.
            var writes = Enumerable.Range(0, 204)
                .Select(i => i % 17 == 8 ? held[i / 17] with { Text = "held" } : new Note(Guid.NewGuid(), $"round {round}"))
                .Select(row => committer.WriteAsync(UpsertNote.Write, row)).ToArray();
            var waiting = writes.Where((_, i) => i % 17 == 8).ToArray();
            var others = writes.Where((_, i) => i % 17 != 8);
            await Task.WhenAll(others).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.DoesNotContain(waiting, write => write.IsCompletedSuccessfully);
            await Task.WhenAll(waiting).ContinueWith(_ => { }, TaskScheduler.Default);
            Assert.All(waiting, write => Assert.IsType<TimeoutException>(write.Exception?.InnerException));
        }

        // The second time the committer knew which rows were locked: it took them out of the burst instead of halving it around each.
        Assert.InRange(await CountAsync("SELECT count(DISTINCT transaction) FROM notes WHERE text = 'round 1'"), 1, 8);

        var retried = held.Select(row => committer.WriteAsync(UpsertNote.Write, row with { Text = "free" })).ToArray();
        await transaction.RollbackAsync();
        await Task.WhenAll(retried);
        Assert.Equal(12L, await CountAsync("SELECT count(*) FROM notes WHERE text = 'free'"));
    }

    [Fact]
    public async Task A_session_with_stale_plans_or_in_read_only_mode_is_replaced()
    {
        var note = new Note(Guid.NewGuid(), "note");
        for (var i = 0; i < 10; i++)
            await committer.WriteAsync(UpsertNote.Write, note);
        await ExecuteAsync("ALTER TABLE notes ALTER COLUMN text TYPE varchar(100)");
        await committer.WriteAsync(UpsertNote.Write, note with { Text = "after the change" });

        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        await ExecuteAsync($"ALTER DATABASE \"{name}\" SET default_transaction_read_only = on");
        database.Clear();
        using var other = await StartAsync(new());
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction,
            (await Assert.ThrowsAsync<PostgresException>(() => other.WriteAsync(UpsertNote.Write, note))).SqlState);
        await using (var idle = await database.OpenConnectionAsync())
            await committer.WriteAsync(UpsertNote.Write, note with { Text = "its session is older" });
        await ExecuteAsync($"SET transaction_read_only = off; ALTER DATABASE \"{name}\" RESET default_transaction_read_only");
        await other.WriteAsync(UpsertNote.Write, note with { Text = "after the reset" });
        await other.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task All_batches_go_through_one_session()
    {
        await ExecuteAsync("ALTER TABLE notes ADD COLUMN session int NOT NULL DEFAULT pg_backend_pid()");
        for (var i = 0; i < 5; i++)
        {
            await using var other = await database.OpenConnectionAsync();
            await committer.WriteAsync(InsertNote.Write, new Note(Guid.NewGuid(), $"note {i}"));
        }

        Assert.Equal(1L, await CountAsync("SELECT count(DISTINCT session) FROM notes"));
    }

    private async Task<GroupCommitter> StartAsync(GroupCommitterOptions options, TimeProvider? time = null)
    {
        // A clock that stands still would never end the linger.
        if (time is FakeTimeProvider)
            options.Linger = TimeSpan.Zero;
        var created = new GroupCommitter(
            database, new CommittedEvents(), Options.Create(options), time ?? TimeProvider.System, NullLogger<GroupCommitter>.Instance);
        await created.StartAsync(CancellationToken.None);
        return created;
    }

    /// <summary>Makes the commit of a note take three seconds.</summary>
    private Task SlowDownAsync(string text) => ExecuteAsync($"ALTER TABLE notes ADD CHECK (text <> '{text}' OR pg_sleep(3) IS NOT NULL)");

    private async Task<bool> HangsAsync() =>
        await CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1;

    private async Task ExecuteAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private sealed record Note(Guid Id, string Text);

    private static class InsertNote
    {
        internal static readonly BatchedWrite<Note, string> Write = Insert("");
    }

    private static class UpsertNote
    {
        internal static readonly BatchedWrite<Note, string> Write = Insert("ON CONFLICT (id) DO UPDATE SET text = excluded.text");
    }

    private static class DeleteNote
    {
        internal static readonly BatchedWrite<Note, bool> Write = BatchedWrite<Note, bool>.WithoutResult(
            "delete", ("id", row => row.Id), _ => { }, $"DELETE FROM notes WHERE id = ANY ({BatchedWrite.Keys})");
    }

    private static BatchedWrite<Note, string> Insert(string conflict) => new(
        "note",
        key: ("id", row => row.Id),
        input: columns => columns.Add("text", NpgsqlDbType.Text, row => row.Text),
        $"INSERT INTO notes (id, text) {BatchedWrite.Rows} {conflict} RETURNING id, text",
        read: (reader, _) => reader.GetString(1));
}
