using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Faults of PostgreSQL.</summary>
internal static class SoakDatabaseFaults
{
    internal static async Task KillBackendsAsync(SoakEnvironment soak)
    {
        for (var end = soak.Clock + soak.Scaled(40, atLeast: 4); soak.Clock < end;)
        {
            soak.Count("backends killed", (int)await Sql.ScalarAsync<long>(
                soak.Target.Postgres.ConnectionString("postgres"),
                $"""
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (
                    SELECT pid FROM pg_stat_activity WHERE datname IN ('orders', 'payments')
                    ORDER BY md5(pid::text || '{soak.Dice.Next()}') LIMIT 2) AS chosen
                """));
            await soak.PauseAsync(0.3, 5);
        }
    }

    internal static async Task StopAsync(SoakEnvironment soak)
    {
        await soak.Target.Postgres.KillAsync();
        await Task.Delay(soak.Scaled(10, atLeast: 3), TimeProvider.System);
        await soak.Target.Postgres.StartAgainAsync();
    }

    internal static async Task LoseCommitsAsync(SoakEnvironment soak)
    {
        var lost = new LostCommits(soak.Dice, "orders.created.v1", "orders.cancelled.v1");
        using var requests = soak.Rules.FromClient(soak.Target.ApiPostgres, lost.FromClient);
        using var responses = soak.Rules.FromServer(soak.Target.ApiPostgres, lost.FromServer);
        await Task.Delay(soak.Scaled(20, atLeast: 4), TimeProvider.System);
        soak.Count("commit responses lost", lost.Count);
    }

    internal static async Task FillDiskAsync(SoakEnvironment soak)
    {
        await soak.FillDiskAsync();
        await soak.PauseAsync(3, 8);
        await soak.FreeSpaceAsync();
    }

    internal static async Task LockTableAsync(SoakEnvironment soak)
    {
        var (database, table) = soak.Dice.OneOf(
            [
                (soak.Target.OrdersDatabase, "orders"), (soak.Target.OrdersDatabase, "outbox"),
                (soak.Target.PaymentsDatabase, "payments"), (soak.Target.PaymentsDatabase, "inbox"),
            ]);
        var locked = soak.Scaled(120, atLeast: 4);
        await using (await Sql.HoldAsync(database, $"LOCK TABLE {table}"))
            await Task.Delay(locked, TimeProvider.System);
        soak.Count("seconds that a table was locked", (int)locked.TotalSeconds);
    }

    /// <summary>Locks the row of an order or payment in progress, if there is one.</summary>
    internal static async Task LockRowAsync(SoakEnvironment soak)
    {
        var (database, table) = soak.Dice.OneOf(
            [
                (soak.Target.OrdersDatabase, "orders WHERE status = 'pending'"),
                (soak.Target.PaymentsDatabase, "payments WHERE status = 'charging'"),
            ]);
        await using (await Sql.HoldAsync(database, $"SELECT * FROM {table} LIMIT 1 FOR UPDATE SKIP LOCKED"))
            await Task.Delay(soak.Scaled(60, atLeast: 4), TimeProvider.System);
        soak.Count("rows locked");
    }

    internal static async Task MakeReadOnlyAsync(SoakEnvironment soak)
    {
        var (server, name) = (soak.Target.Postgres.ConnectionString("postgres"), soak.Dice.OneOf(["orders", "payments"]));
        await Sql.ExecuteAsync(server, $"ALTER DATABASE {name} SET default_transaction_read_only = on");
        await Sql.ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await Task.Delay(soak.Scaled(30, atLeast: 4), TimeProvider.System);
        await Sql.ExecuteAsync(server, $"ALTER DATABASE {name} RESET default_transaction_read_only");
    }
}
