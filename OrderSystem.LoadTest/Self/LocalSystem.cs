using System.Net.Http.Json;
using OrderSystem.AppHost.Access;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Self;

/// <summary>The whole system on this machine, beside a PostgreSQL that is there already: nats-server, the provider, the worker, the API.</summary>
internal sealed class LocalSystem : IAsyncDisposable
{
    private const string OrderRole = "order_api";
    private const string PaymentRole = "payment_worker";
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(1);

    private readonly Stack<IAsyncDisposable> parts = new();
    private readonly List<ProcessTree> processes = [];
    private readonly PostgresServer postgres;

    private LocalSystem(PostgresServer postgres) => this.postgres = postgres;

    internal Uri Api { get; private set; } = null!;

    /// <summary>For everything that the API can be asked.</summary>
    internal string Token { get; private set; } = null!;

    internal Uri Gateway { get; private set; } = null!;

    internal string OrdersDatabase => postgres.ConnectionString("orders");

    /// <summary>Everything that works for an order, and the generator.</summary>
    internal IReadOnlyList<ProcessTree> Processes => processes;

    /// <summary>Starts everything; the settings are what the services are told beside where to find each other.</summary>
    internal static async Task<LocalSystem> StartAsync(
        PostgresServer postgres, string folder, IReadOnlyDictionary<string, string> settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var system = new LocalSystem(postgres);
        try
        {
            await system.StartAsync(folder, settings, time, cancellationToken);
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

    /// <summary>Stops everything in the order that a careful operator would.</summary>
    public async ValueTask DisposeAsync()
    {
        while (parts.TryPop(out var part))
            await part.DisposeAsync();
    }

    private async Task StartAsync(string folder, IReadOnlyDictionary<string, string> settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var nats = await NatsServer.StartAsync(folder, time, cancellationToken);
        parts.Push(nats);
        using var key = TokenKey.Create();
        Token = key.CreateToken("load-test", TokenKey.AllScopes, time.GetUtcNow(), TokenLifetime);
        var environment = new Dictionary<string, string>(key.Settings().Concat(settings), StringComparer.Ordinal)
        {
            ["Audit__WorkerToken"] = Token,
            ["ConnectionStrings__orders"] = OrdersDatabase,
            ["ConnectionStrings__payments"] = postgres.ConnectionString("payments"),
            ["ConnectionStrings__nats"] = nats.UrlOf("provisioning"),
            ["Database__RuntimePassword"] = postgres.Password,
            ["Ledger__Path"] = Path.Combine(folder, "ledger.ndjson"),
        };
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
        var worker = await StartServiceAsync("OrderSystem.PaymentWorker", "payment-worker", environment, time, cancellationToken);
        environment["ConnectionStrings__nats"] = nats.UrlOf("order-api");
        environment["Audit__WorkerUrl"] = worker.Address.OriginalString;
        Api = (await StartServiceAsync("OrderSystem.OrderApi", "order-api", environment, time, cancellationToken)).Address;
        processes.AddRange([new("nats-server", nats.ProcessId), new("postgres", postgres.ProcessId), new(Figures.LoadGenerator, Environment.ProcessId, IsAlone: true)]);
    }

    private async Task<ServiceProcess> StartServiceAsync(
        string project, string name, IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        var service = await ServiceProcess.StartAsync(project, environment, time, cancellationToken);
        parts.Push(service);
        processes.Add(new(name, service.ProcessId));
        return service;
    }
}
