using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Faults of the broker.</summary>
internal static class SoakBrokerFaults
{
    internal static async Task KillAsync(SoakEnvironment soak)
    {
        for (var kill = soak.Scaled(5); kill > 0; kill--)
        {
            await soak.Target.Nats.KillAsync();
            await soak.PauseAsync(0, 0.7);
            await soak.Target.Nats.StartAgainAsync();
            soak.Count("kills of nats-server");
            await soak.PauseAsync(0.3, 2);
        }
    }

    internal static async Task FreezeAsync(SoakEnvironment soak)
    {
        var frozen = soak.Scaled(90, atLeast: 5);
        await soak.Target.Nats.SignalAsync("STOP");
        await Task.Delay(frozen, TimeProvider.System);
        await soak.Target.Nats.SignalAsync("CONT");
        soak.Count("seconds that nats-server was frozen", (int)frozen.TotalSeconds);
    }

    internal static async Task FillStreamAsync(SoakEnvironment soak)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = soak.Target.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        var full = soak.Dice.Hits(0.5) ? "ORDERS" : "PAYMENTS";
        var stream = (await jetStream.GetStreamAsync(full)).Info;
        await jetStream.UpdateStreamAsync(stream.Config with { MaxBytes = Math.Max(1, stream.State.Bytes) });
        await soak.PauseAsync(3, 8);
        await jetStream.UpdateStreamAsync(stream.Config with { MaxBytes = -1 });
    }

    internal static async Task LoseAcknowledgementsAsync(SoakEnvironment soak)
    {
        TcpVerdict Lose(TcpLink link, ReadOnlySpan<byte> frame)
        {
            if (!TcpFrameMatcher.IsPublishAck(frame) || !soak.Dice.Hits(0.2))
                return TcpVerdict.Pass;
            soak.Count("publish acknowledgements lost");
            return TcpVerdict.Drop;
        }

        using var api = soak.Rules.FromServer(soak.Target.ApiNats, Lose);
        using var worker = soak.Rules.FromServer(soak.Target.WorkerNats, Lose);
        await Task.Delay(soak.Scaled(20, atLeast: 4), TimeProvider.System);
    }

    internal static async Task DeleteStoreAsync(SoakEnvironment soak)
    {
        soak.StoreWasLost = true;
        await soak.Target.Nats.KillAsync();
        Directory.Delete(soak.Target.Nats.Store, recursive: true);
        await soak.Target.Nats.StartAgainAsync();
    }
}
