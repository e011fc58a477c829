using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// The system under soak, and the helpers of the faults: the owner of a link, the replacement of ended instances, counters.
/// </summary>
internal sealed class SoakEnvironment : IAsyncDisposable
{
    private readonly long epoch = Stopwatch.GetTimestamp();
    private readonly FaultDisk disk;

    private SoakEnvironment(FaultSystem system, FaultDisk disk, IdentityProvider identityProvider, FakedClock clocks, double minutes)
    {
        (Target, this.disk, IdentityProvider, Clocks, Minutes, Rules) = (system, disk, identityProvider, clocks, minutes, new(system));
        (OldestApi, OldestWorker) = (system.Apis[0], system.Workers[0]);
    }

    internal FaultSystem Target { get; }

    /// <summary>Publishes the keys of all tokens.</summary>
    internal IdentityProvider IdentityProvider { get; }

    /// <summary>The wall clock of the services.</summary>
    internal FakedClock Clocks { get; }

    internal FaultRules Rules { get; }

    internal FaultDice Dice => Target.Dice;

    internal double Minutes { get; }

    /// <summary>The oldest instances are spared until the end, so that one of each service lives long enough to show a leak.</summary>
    internal ServiceProcess OldestApi { get; }

    internal ServiceProcess OldestWorker { get; }

    /// <summary>The whole JetStream store was deleted at some time.</summary>
    internal bool StoreWasLost { get; set; }

    /// <summary>What the faults did, by name.</summary>
    internal ConcurrentDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    internal TimeSpan Clock => Stopwatch.GetElapsedTime(epoch);

    internal static async Task<SoakEnvironment> StartAsync(double minutes, string provider)
    {
        var disk = await FaultDisk.CreateAsync(64 + (int)(40 * minutes));
        var identityProvider = new IdentityProvider();
        var clocks = new FakedClock();
        var stalledAfter = TimeSpan.FromSeconds(Math.Clamp(minutes * 6, 10, 60));
        try
        {
            await identityProvider.StartAsync();

            // Soon and often enough that a series of faults leaves no payment in manual review.
            var lookUps = Enumerable.Range(0, 10)
                .Select(number => ($"Payments__ReconcileAfter__{number}", $"{TimeSpan.FromSeconds(5 * (number + 1)):c}"));
            var system = await FaultSystem.StartAsync(
                apis: 2, workers: 3,
                [
                    .. ProviderSettings.WithoutWebhooks(provider), ("Sweeper__After", $"{stalledAfter:c}"), .. lookUps,
                    .. identityProvider.Settings, .. clocks.Settings,
                ],
                disk.CreateDatabasesAsync);
            var soak = new SoakEnvironment(system, disk, identityProvider, clocks, minutes);
            await soak.SetProviderAsync([]);
            return soak;
        }
        catch
        {
            await disk.DisposeAsync();
            await identityProvider.DisposeAsync();
            clocks.Dispose();
            throw;
        }
    }

    internal void Count(string what, int by = 1) => Counts.AddOrUpdate(what, by, (_, count) => count + by);

    /// <summary>The full duration in a soak of ten minutes or more, and proportionally less in a shorter one.</summary>
    internal TimeSpan Scaled(double seconds, double atLeast) =>
        TimeSpan.FromSeconds(Math.Max(atLeast, seconds * Math.Min(1, Minutes / 10)));

    internal int Scaled(int count) => Math.Max(2, (int)(count * Math.Min(1, Minutes / 10)));

    internal Task PauseAsync(double fromSeconds, double toSeconds) => Task.Delay(Dice.Between(fromSeconds, toSeconds), TimeProvider.System);

    internal Task FillDiskAsync() => disk.FillAsync(Target);

    internal Task FreeSpaceAsync() => disk.FreeSpaceAsync(Target);

    /// <summary>Some latency and some declined cards are part of normal operation.</summary>
    internal Task SetProviderAsync(Dictionary<string, object> faults)
    {
        var all = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["latency"] = "00:00:00.01",
            ["jitter"] = "00:00:00.05",
            ["declineAbove"] = 250,
            ["seed"] = Dice.Next(0, 1_000_000),
        };
        foreach (var (name, value) in faults)
            all[name] = value;
        return Target.SetProviderAsync(all);
    }

    internal bool IsOldest(ServiceProcess service) => service == OldestApi || service == OldestWorker;

    /// <summary>
    /// Ends an instance and starts a new one in its place, as an orchestrator does: it retries the start while a dependency is down.
    /// </summary>
    internal async Task ReplaceAsync(ServiceProcess victim, Func<ServiceProcess, Task> endAsync)
    {
        var isApi = Target.Apis.Contains(victim);
        await endAsync(victim);
        for (var giveUp = Clock + TimeSpan.FromMinutes(2); ;)
        {
            try
            {
                await (isApi ? Target.StartApiAsync() : Target.StartWorkerAsync());
                return;
            }
            catch (Xunit.Sdk.XunitException) when (Clock < giveUp)
            {
                Count("failed starts that were retried");
                await PauseAsync(0.5, 1.5);
            }
        }
    }

    /// <summary>The instance at the other end of a link.</summary>
    internal ServiceProcess? OwnerOf(TcpProxy proxy, TcpLink link)
    {
        // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
        var (local, remote) = ($":{link.ClientPort:X4}", $":{proxy.Port:X4}");
        var socket = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(fields => fields.Length > 9
                && fields[1].EndsWith(local, StringComparison.Ordinal) && fields[2].EndsWith(remote, StringComparison.Ordinal))?[9];
        return Target.Apis.Concat(Target.Workers)
            .FirstOrDefault(service => socket is not null && HasOpen(service.Id, $"socket:[{socket}]"));
    }

    public async ValueTask DisposeAsync()
    {
        await Target.DisposeAsync();
        await disk.DisposeAsync();
        await IdentityProvider.DisposeAsync();
        Clocks.Dispose();
    }

    private static bool HasOpen(int process, string file)
    {
        try
        {
            return Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd"))
                .Any(path => new FileInfo(path).LinkTarget == file);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
