using System.Net.Http.Json;
using System.Security.Cryptography;
using OrderSystem.AppHost.Access;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;
using OrderSystem.LoadTest.Runs;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>What differs between two systems that are measured.</summary>
/// <param name="Telemetry">Receives traces, metrics and logs; null: nothing is exported.</param>
/// <param name="SyncsAlways">nats-server syncs each message to disk before it acknowledges it.</param>
internal sealed record SystemVariant(OtlpSink? Telemetry, bool SyncsAlways = false);

/// <summary>The whole system on this machine, on an existing PostgreSQL: nats-server, the provider, the worker and the API.</summary>
internal sealed class LocalSystem : IAsyncDisposable
{
    private const string WorkerName = "payment-worker";
    internal const string OrderRole = "order_api";
    private const string PaymentRole = "payment_worker";
    private const string Provisioning = "provisioning";
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(1);

    private readonly Stack<IAsyncDisposable> parts = new();
    private readonly List<ProcessTree> processes = [];
    private readonly PostgresServer postgres;
    private readonly Dictionary<string, Uri> metrics = new(StringComparer.Ordinal);
    private readonly bool measuresAllocations;
    private ServiceProcess? worker;
    private Func<CancellationToken, Task<ServiceProcess>>? startWorker;

    private LocalSystem(PostgresServer postgres, bool measuresAllocations) =>
        (this.postgres, this.measuresAllocations) = (postgres, measuresAllocations);

    internal Uri Api { get; private set; } = null!;

    /// <summary>A token with all scopes of the API.</summary>
    internal string Token { get; private set; } = null!;

    internal Uri Gateway { get; private set; } = null!;

    internal Uri Worker => worker!.Address;

    internal string OrdersDatabase => postgres.ConnectionString("orders");

    internal Volumes Volumes { get; private set; } = null!;

    /// <summary>All processes of the system, and the generator.</summary>
    internal IReadOnlyList<ProcessTree> Processes => processes;

    /// <summary>Starts everything, with empty databases.</summary>
    /// <param name="postgres">The database server.</param>
    /// <param name="folder">Where the data of the other servers lies.</param>
    /// <param name="variant">What differs from the defaults.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    internal static async Task<LocalSystem> StartAsync(
        PostgresServer postgres, string folder, SystemVariant variant, RunOptions options, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var system = new LocalSystem(postgres, options.Allocations);
        try
        {
            await system.StartAsync(Directory.CreateDirectory(folder).FullName, variant, options.Settings, time, cancellationToken);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    internal async Task SetProviderLatencyAsync(TimeSpan latency, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Gateway };
        using var response = await http.PutAsJsonAsync("/faults", new { latency }, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Starts an outage: orders are accepted but not paid.</summary>
    internal async Task StopWorkerAsync()
    {
        processes.RemoveAll(process => process.Name == WorkerName);
        await worker!.DisposeAsync();
        worker = null;
    }

    internal async Task StartWorkerAsync(CancellationToken cancellationToken)
    {
        worker = await startWorker!(cancellationToken);
        processes.Insert(1, new(WorkerName, worker.ProcessId) { Metrics = metrics.GetValueOrDefault(WorkerName) });
    }

    /// <summary>Stops the worker first and the servers last.</summary>
    public async ValueTask DisposeAsync()
    {
        if (worker is not null)
            await worker.DisposeAsync();
        while (parts.TryPop(out var part))
            await part.DisposeAsync();
    }

    private async Task StartAsync(
        string folder, SystemVariant variant, IReadOnlyDictionary<string, string> settings, TimeProvider time,
        CancellationToken cancellationToken)
    {
        await postgres.DropAsync(["orders", "payments"], cancellationToken);
        var nats = await NatsServer.StartAsync(folder, syncsAlways: variant.SyncsAlways);
        parts.Push(nats);
        Volumes = new(OrdersDatabase, postgres.ConnectionString("payments"), nats.UrlOf(Provisioning), $"_INBOX_{Provisioning}");
        using var key = TokenKey.Create();
        Token = key.CreateToken("load-test", TokenKey.AllScopes, time.GetUtcNow(), TokenLifetime);
        var environment = new Dictionary<string, string>(key.Settings().Concat(settings), StringComparer.Ordinal)
        {
            ["Audit__WorkerToken"] = Token,
            ["ConnectionStrings__orders"] = OrdersDatabase,
            ["ConnectionStrings__payments"] = postgres.ConnectionString("payments"),
            ["ConnectionStrings__nats"] = nats.UrlOf(Provisioning),
            ["Database__RuntimePassword"] = postgres.Password,
            ["Payments__WebhookSecret"] = $"whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}",
            ["Ledger__Path"] = Path.Combine(folder, "ledger.ndjson"),
        };

        if (variant.Telemetry is { } telemetry)
            environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = telemetry.Endpoint;

        // All load comes from one client, which should meet the limits of the system and not those of a client.
        foreach (var limit in new[] { "Limits__ClientRate", "Limits__ClientBurst", "Limits__RequestsPerClient", "Limits__Requests" })
            environment.TryAdd(limit, "1000000");
        environment["Database__RuntimeRole"] = OrderRole;
        await ServiceProcess.MigrateAsync("OrderSystem.OrderApi", environment, cancellationToken);
        environment["Database__RuntimeRole"] = PaymentRole;
        await ServiceProcess.MigrateAsync("OrderSystem.PaymentWorker", environment, cancellationToken);
        environment.Remove("Database__RuntimePassword");
        environment["ConnectionStrings__orders"] = postgres.ConnectionString("orders", OrderRole);
        environment["ConnectionStrings__payments"] = postgres.ConnectionString("payments", PaymentRole);

        Gateway = (await StartServiceAsync("OrderSystem.PaymentGateway", "payment-gateway", environment, time, cancellationToken)).Address;
        environment["Payments__GatewayUrl"] = environment["Audit__LedgerUrl"] = Gateway.OriginalString;
        environment["ConnectionStrings__nats"] = nats.UrlOf("payment-worker");
        var ofWorker = WithMetrics(WorkerName, environment);
        startWorker = stop => ServiceProcess.StartAsync("OrderSystem.PaymentWorker", ofWorker, time, stop);
        await StartWorkerAsync(cancellationToken);

        // A restarted worker keeps this address, because the API is configured with it.
        ofWorker["ASPNETCORE_URLS"] = environment["Audit__WorkerUrl"] = worker!.Address.OriginalString;
        environment["ConnectionStrings__nats"] = nats.UrlOf("order-api");
        var ofApi = WithMetrics("order-api", environment);
        Api = (await StartServiceAsync("OrderSystem.OrderApi", "order-api", ofApi, time, cancellationToken)).Address;
        processes.Add(new("nats-server", nats.ProcessId));
        processes.Add(new("postgres", postgres.ProcessId));
        processes.Add(new(Figures.LoadGenerator, Environment.ProcessId, IsAlone: true));
    }

    private async Task<ServiceProcess> StartServiceAsync(
        string project,
        string name,
        IReadOnlyDictionary<string, string> environment,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var service = await ServiceProcess.StartAsync(project, environment, time, cancellationToken);
        parts.Push(service);
        processes.Add(new(name, service.ProcessId) { Metrics = metrics.GetValueOrDefault(name) });
        return service;
    }

    private Dictionary<string, string> WithMetrics(string name, Dictionary<string, string> environment)
    {
        var own = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        if (!measuresAllocations)
            return own;
        var port = Ports.Free();
        metrics[name] = new Uri($"http://127.0.0.1:{port}/metrics");
        own["OTEL_METRICS_EXPORTER"] = "prometheus";
        own["OTEL_EXPORTER_PROMETHEUS_PORT"] = $"{port}";
        return own;
    }
}
