using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>What can go wrong with PostgreSQL.</summary>
internal static class SoakDatabaseFaults
{
    internal static async Task KillBackendsAsync(SoakStage stage)
    {
        for (var end = stage.Clock + stage.Scaled(40, atLeast: 4); stage.Clock < end;)
        {
            stage.Count("backends killed", (int)await Sql.ScalarAsync<long>(
                stage.Target.Postgres.ConnectionString("postgres"),
                $"""
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (
                    SELECT pid FROM pg_stat_activity WHERE datname IN ('orders', 'payments') ORDER BY md5(pid::text || '{stage.Dice.Next()}') LIMIT 2) AS chosen
                """));
            await stage.PauseAsync(0.3, 5);
        }
    }

    internal static async Task StopAsync(SoakStage stage)
    {
        await stage.Target.Postgres.KillAsync();
        await Task.Delay(stage.Scaled(10, atLeast: 3), TimeProvider.System);
        await stage.Target.Postgres.StartAgainAsync();
    }

    internal static async Task LoseCommitsAsync(SoakStage stage)
    {
        var lost = new LostCommits(stage.Dice, "orders.created.v1", "orders.cancelled.v1");
        using var questions = stage.Rules.FromClient(stage.Target.ApiPostgres, lost.Ask);
        using var answers = stage.Rules.FromServer(stage.Target.ApiPostgres, lost.Answer);
        await Task.Delay(stage.Scaled(20, atLeast: 4), TimeProvider.System);
        stage.Count("answers to commits lost", lost.Count);
    }

    internal static async Task FillDiskAsync(SoakStage stage)
    {
        await stage.FillDiskAsync();
        await stage.PauseAsync(3, 8);
        await stage.MakeRoomAsync();
    }

    internal static async Task LockTableAsync(SoakStage stage)
    {
        var (database, table) = stage.Dice.OneOf(
            [(stage.Target.OrdersDatabase, "orders"), (stage.Target.OrdersDatabase, "outbox"), (stage.Target.PaymentsDatabase, "payments"), (stage.Target.PaymentsDatabase, "inbox")]);
        var locked = stage.Scaled(120, atLeast: 4);
        await using (await Sql.HoldAsync(database, $"LOCK TABLE {table}"))
            await Task.Delay(locked, TimeProvider.System);
        stage.Count("seconds that a table was locked", (int)locked.TotalSeconds);
    }

    /// <summary>Of an order that is under way, if there is one.</summary>
    internal static async Task LockRowAsync(SoakStage stage)
    {
        var (database, table) = stage.Dice.OneOf([(stage.Target.OrdersDatabase, "orders WHERE status = 'pending'"), (stage.Target.PaymentsDatabase, "payments WHERE status = 'charging'")]);
        await using (await Sql.HoldAsync(database, $"SELECT * FROM {table} LIMIT 1 FOR UPDATE SKIP LOCKED"))
            await Task.Delay(stage.Scaled(60, atLeast: 4), TimeProvider.System);
        stage.Count("rows locked");
    }

    internal static async Task MakeReadOnlyAsync(SoakStage stage)
    {
        var (server, name) = (stage.Target.Postgres.ConnectionString("postgres"), stage.Dice.OneOf(["orders", "payments"]));
        await Sql.ExecuteAsync(server, $"ALTER DATABASE {name} SET default_transaction_read_only = on");
        await Sql.ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await Task.Delay(stage.Scaled(30, atLeast: 4), TimeProvider.System);
        await Sql.ExecuteAsync(server, $"ALTER DATABASE {name} RESET default_transaction_read_only");
    }
}
