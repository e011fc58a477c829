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
        using var orders = stage.Rules.FromClient(stage.Target.ApiPostgres, (link, frame) =>
        {
            if (TcpFrames.IsBind(frame) && (frame.Contains("orders.created.v1"u8) || frame.Contains("orders.cancelled.v1"u8)))
                link.Mark = "an order";
            return TcpVerdict.Pass;
        });
        using var answers = stage.Rules.FromServer(stage.Target.ApiPostgres, (link, frame) =>
        {
            if (link.Mark is null || !TcpFrames.IsReadyForQuery(frame))
                return TcpVerdict.Pass;
            link.Mark = null;
            if (!stage.Dice.Hits(0.2))
                return TcpVerdict.Pass;
            stage.Count("answers to commits lost");
            return TcpVerdict.Cut;
        });
        await Task.Delay(stage.Scaled(20, atLeast: 4), TimeProvider.System);
    }

    internal static async Task FillDiskAsync(SoakStage stage)
    {
        await stage.FillDiskAsync();
        await stage.PauseAsync(3, 8);
        await stage.MakeRoomAsync();
    }
}
