using System.Net.Http.Json;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>
/// The whole system as processes, any number of each service, with a proxy on each link. A scenario breaks something, puts
/// load on it, and ends with <see cref="AuditAsync"/>.
/// </summary>
internal sealed partial class FaultSystem : IAsyncDisposable
{
    internal const string ApiProject = "OrderSystem.OrderApi";
    internal const string WorkerProject = "OrderSystem.PaymentWorker";

    /// <summary>At most two at once: each has a dozen processes, and a test of a starved system proves nothing.</summary>
    private static readonly SemaphoreSlim Slots = new(2);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordersystem-faults-");
    private readonly Dictionary<string, string> settings;
    private readonly List<ServiceProcess> apis = [];
    private readonly List<ServiceProcess> workers = [];
    private readonly List<ServiceProcess> gone = [];
    private readonly Lock one = new();
    private readonly ServerCluster? cluster;
    private Uri lastApi = null!;

    private FaultSystem(
        NatsServer nats, PostgresServer postgres, ServerCluster? cluster, Dictionary<string, string> settings, FaultDice dice)
    {
        (Nats, Postgres, this.cluster, this.settings, Dice) = (nats, postgres, cluster, settings, dice);
        ApiNats = new("api-nats", TcpProtocol.Nats, () => nats.Port, dice);
        WorkerNats = new("worker-nats", TcpProtocol.Nats, () => nats.Port, dice);
        ApiPostgres = new("api-postgres", TcpProtocol.Postgres, () => postgres.Port, dice);
        WorkerPostgres = new("worker-postgres", TcpProtocol.Postgres, () => postgres.Port, dice);
        Provider = new("provider", TcpProtocol.Raw, () => (Script?.Address ?? Gateway.Address).Port, dice);
        Webhooks = new("webhooks", TcpProtocol.Raw, () => Workers is { Count: > 0 } up ? dice.OneOf(up).Address.Port : 1, dice);
        WorkerApi = new("worker-api", TcpProtocol.Raw, () => lastApi.Port, dice);
        Load = new(() => ApiAddresses, dice);
    }

    /// <summary>The path of the assembly of a service that is started or migrated from now on.</summary>
    internal Func<string, string> Build { get; set; } = Solution.OutputOf;

    internal FaultDice Dice { get; }

    internal NatsServer Nats { get; }

    internal PostgresServer Postgres { get; }

    internal ServiceProcess Gateway { get; private set; } = null!;

    internal TcpProxy ApiNats { get; }

    internal TcpProxy ApiPostgres { get; }

    internal TcpProxy WorkerNats { get; }

    internal TcpProxy WorkerPostgres { get; }

    /// <summary>Between the workers and the payment provider.</summary>
    internal TcpProxy Provider { get; }

    /// <summary>From the payment provider and the audit to any of the workers, with the setting <c>Webhooks__Secret</c>.</summary>
    internal TcpProxy Webhooks { get; }

    /// <summary>Between the workers and the order API that was started last; only orders with a payment method use it.</summary>
    internal TcpProxy WorkerApi { get; }

    /// <summary>Replaces the provider for new connections. It can forward the requests that it does not answer.</summary>
    internal ScriptedProvider? Script { get; set; }

    internal IReadOnlyList<TcpProxy> Proxies => [ApiNats, ApiPostgres, WorkerNats, WorkerPostgres, Provider];

    internal LoadDriver Load { get; }

    internal IReadOnlyList<ServiceProcess> Apis => Snapshot(apis);

    internal IReadOnlyList<ServiceProcess> Workers => Snapshot(workers);

    /// <summary>All instances, including those that have ended.</summary>
    internal IEnumerable<ServiceProcess> AllInstances => [.. Apis, .. Workers, .. Snapshot(gone)];

    /// <summary>Of a system that was started with one. Its services connect to it without proxies.</summary>
    internal ServerCluster Cluster => cluster!;

    /// <summary>Where the test itself reaches NATS.</summary>
    internal string NatsUrl => cluster?.NatsUrl("tests") ?? Nats.Url;

    internal string OrdersDatabase => cluster?.ConnectionString("orders") ?? Postgres.ConnectionString("orders");

    internal string PaymentsDatabase => cluster?.ConnectionString("payments") ?? Postgres.ConnectionString("payments");

    /// <summary>While no instance runs, clients keep calling the one that was started last.</summary>
    internal IReadOnlyList<Uri> ApiAddresses => Apis is { Count: > 0 } up ? [.. up.Select(api => api.Address)] : [lastApi];

    /// <summary>Starts everything and returns when all of it is healthy.</summary>
    /// <param name="apis">Instances of the order API.</param>
    /// <param name="workers">Instances of the worker.</param>
    /// <param name="settings">In addition to the short times of every scenario.</param>
    /// <param name="prepare">Runs on PostgreSQL before the databases are created.</param>
    /// <param name="build">See <see cref="Build"/>.</param>
    /// <param name="isCluster">Whether NATS and PostgreSQL are a <see cref="ServerCluster"/>.</param>
    internal static async Task<FaultSystem> StartAsync(
        int apis = 1, int workers = 1, IEnumerable<(string Name, string Value)>? settings = null,
        Func<PostgresServer, Task>? prepare = null, Func<string, string>? build = null, bool isCluster = false)
    {
        var seed = int.TryParse(System.Environment.GetEnvironmentVariable("FAULT_SEED"), out var given)
            ? given
            : Random.Shared.Next(1_000_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"FAULT_SEED={seed}");
        await Slots.WaitAsync();
        FaultSystem? system = null;
        try
        {
            var cluster = isCluster ? await ServerCluster.StartAsync() : null;
            system = new FaultSystem(
                cluster?.Nats[0] ?? await NatsServer.StartAsync(), cluster?.Primary ?? await PostgresServer.StartAsync(), cluster,
                Quick([("JetStream__Replicas", isCluster ? "3" : "1"), .. settings ?? []]), new FaultDice(seed))
            {
                Build = build ?? Solution.OutputOf,
            };
            if (prepare is not null)
                await prepare(system.Postgres);
            await Task.WhenAll(system.StartGatewayAsync(), system.MigrateAsync(ApiProject), system.MigrateAsync(WorkerProject));
            await Task.WhenAll([
                .. Enumerable.Range(0, apis).Select(_ => system.StartApiAsync()),
                .. Enumerable.Range(0, workers).Select(_ => system.StartWorkerAsync())]);
            foreach (var service in system.AllInstances)
                await WaitUntilHealthyAsync(service);
            return system;
        }
        catch when (system is not null)
        {
            await system.DisposeAsync();
            throw;
        }
        catch
        {
            Slots.Release();
            throw;
        }
    }

    internal async Task StartGatewayAsync()
    {
        if (Gateway is not null)
            await Gateway.DisposeAsync();
        Gateway = await ServiceProcess.StartAsync("OrderSystem.PaymentGateway", Environment("OrderSystem.PaymentGateway"));
    }

    internal async Task<ServiceProcess> StartApiAsync()
    {
        var api = await StartAsync(ApiProject, apis);
        lastApi = api.Address;
        return api;
    }

    internal Task<ServiceProcess> StartWorkerAsync() => StartAsync(WorkerProject, workers);

    /// <summary>SIGKILL.</summary>
    internal Task KillAsync(ServiceProcess service)
    {
        Retire(service);
        return service.KillAsync();
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    internal Task<int> StopAsync(ServiceProcess service)
    {
        Retire(service);
        return service.StopAsync();
    }

    /// <summary>Waits until the service reports that it is healthy.</summary>
    internal static async Task WaitUntilHealthyAsync(ServiceProcess service, TimeSpan? within = null)
    {
        using var http = new HttpClient { BaseAddress = service.Address };
        await Eventually.BeTrueAsync(
            $"{service.Address} is healthy",
            async () => (await http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode, within);
    }

    /// <summary>Sets the faults of the provider; null removes them.</summary>
    internal async Task SetProviderAsync(object? faults)
    {
        using var http = new HttpClient { BaseAddress = Gateway.Address };
        using var response = await http.PutAsJsonAsync("/faults", faults ?? new { });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until no work is in progress.</summary>
    internal Task WaitUntilIdleAsync(TimeSpan? within = null) =>
        new AuditReader(this).WaitUntilIdleAsync(within ?? TimeSpan.FromSeconds(60));

    /// <summary>Waits until the system is idle, and fails with every violation of an invariant.</summary>
    internal async Task<AuditSnapshot> AuditAsync(TimeSpan? within = null, AuditScope? scope = null)
    {
        await WaitUntilIdleAsync(within);
        var snapshot = await new AuditReader(this).ReadAsync();
        var disagreements = AuditRules.Check(snapshot, Load.History, scope ?? new());
        TestContext.Current.TestOutputHelper?.WriteLine($"{Load.History}; {snapshot}");
        Assert.True(
            disagreements.Count == 0,
            $"FAULT_SEED={Dice.Seed}: {disagreements.Count} disagreements:\n"
                + $"{string.Join('\n', disagreements.Take(30))}\n{Load.History}\n{snapshot}");
        return snapshot;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            Load.Dispose();
            foreach (var service in AllInstances)
                await service.DisposeAsync();
            if (Script is not null)
                await Script.DisposeAsync();
            if (Gateway is not null)
                await Gateway.DisposeAsync();
            foreach (var proxy in Proxies)
                await proxy.DisposeAsync();
            await Webhooks.DisposeAsync();
            await WorkerApi.DisposeAsync();
            foreach (var server in cluster is null ? (IAsyncDisposable[])[Nats, Postgres] : [cluster])
                await server.DisposeAsync();
            folder.Delete(recursive: true);
        }
        finally
        {
            Slots.Release();
        }
    }
}
