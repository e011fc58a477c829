using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>What can go wrong with the broker.</summary>
internal static class SoakBrokerFaults
{
    internal static async Task KillAsync(SoakStage stage)
    {
        for (var kill = stage.Scaled(5); kill > 0; kill--)
        {
            await stage.Target.Nats.KillAsync();
            await stage.PauseAsync(0, 0.7);
            await stage.Target.Nats.StartAgainAsync();
            stage.Count("kills of nats-server");
            await stage.PauseAsync(0.3, 2);
        }
    }

    internal static async Task FreezeAsync(SoakStage stage)
    {
        var frozen = stage.Scaled(90, atLeast: 5);
        await stage.Target.Nats.SignalAsync("STOP");
        await Task.Delay(frozen, TimeProvider.System);
        await stage.Target.Nats.SignalAsync("CONT");
        stage.Count("seconds that nats-server was frozen", (int)frozen.TotalSeconds);
    }

    internal static async Task FillStreamAsync(SoakStage stage)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = stage.Target.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        var full = stage.Dice.Hits(0.5) ? "ORDERS" : "PAYMENTS";
        var stream = (await jetStream.GetStreamAsync(full)).Info;
        await jetStream.UpdateStreamAsync(stream.Config with { MaxBytes = Math.Max(1, stream.State.Bytes) });
        await stage.PauseAsync(3, 8);
        await jetStream.UpdateStreamAsync(stream.Config with { MaxBytes = -1 });
    }

    internal static async Task LoseAcknowledgementsAsync(SoakStage stage)
    {
        TcpVerdict Lose(TcpLink link, ReadOnlySpan<byte> frame)
        {
            if (!TcpFrames.IsPublishAck(frame) || !stage.Dice.Hits(0.2))
                return TcpVerdict.Pass;
            stage.Count("publish acknowledgements lost");
            return TcpVerdict.Drop;
        }

        using var api = stage.Rules.FromServer(stage.Target.ApiNats, Lose);
        using var worker = stage.Rules.FromServer(stage.Target.WorkerNats, Lose);
        await Task.Delay(stage.Scaled(20, atLeast: 4), TimeProvider.System);
    }

    internal static async Task DeleteStoreAsync(SoakStage stage)
    {
        stage.StoreWasLost = true;
        await stage.Target.Nats.KillAsync();
        Directory.Delete(stage.Target.Nats.Store, recursive: true);
        await stage.Target.Nats.StartAgainAsync();
    }
}
