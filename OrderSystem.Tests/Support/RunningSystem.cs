using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The whole system as processes: nats-server, PostgreSQL, the provider, and any number of each service.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private readonly List<ServiceProcess> services = [];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordersystem-gateway-");
    private readonly Dictionary<string, string> overrides;

    private RunningSystem(NatsServer nats, PostgresServer postgres, PostgresServer? standby, Dictionary<string, string> overrides) =>
        (Nats, Postgres, Standby, this.overrides) = (nats, postgres, standby, overrides);

    internal NatsServer Nats { get; }

    internal PostgresServer Postgres { get; }

    internal PostgresServer? Standby { get; }

    internal ServiceProcess Gateway { get; private set; } = null!;

    internal IReadOnlyList<ServiceProcess> Services => services;

    internal ServiceProcess OrderApi { get; private set; } = null!;

    internal ServiceProcess Worker { get; private set; } = null!;

    internal string OrdersDatabase => Database("orders");

    internal string PaymentsDatabase => Database("payments");

    /// <summary>Starts everything once and returns when all of it is healthy.</summary>
    /// <param name="overrides">Settings for every service, as environment variables.</param>
    /// <param name="hasStandby">Whether PostgreSQL has a standby, which every connection string names first.</param>
    internal static async Task<RunningSystem> StartAsync(Dictionary<string, string>? overrides = null, bool hasStandby = false)
    {
        var nats = NatsServer.StartAsync();
        var postgres = await PostgresServer.StartAsync();
        var system = new RunningSystem(await nats, postgres, hasStandby ? await postgres.StartStandbyAsync() : null, overrides ?? []);
        system.Gateway = await system.StartServiceAsync("OrderSystem.PaymentGateway");
        await system.MigrateAsync("OrderSystem.OrderApi");
        await system.MigrateAsync("OrderSystem.PaymentWorker");
        system.OrderApi = await system.StartServiceAsync("OrderSystem.OrderApi");
        system.Worker = await system.StartServiceAsync("OrderSystem.PaymentWorker");
        return system;
    }

    /// <summary>Starts one more instance of a service.</summary>
    internal Task<ServiceProcess> StartServiceAsync(string project, params (string Name, string Value)[] settings) =>
        StartServiceAsync(project, isHealthy: true, settings);

    /// <summary>Starts one more instance, which need not become healthy.</summary>
    internal async Task<ServiceProcess> StartServiceAsync(string project, bool isHealthy, params (string Name, string Value)[] settings)
    {
        var environment = Environment(project);
        foreach (var (name, value) in settings)
            environment[name] = value;
        var service = await ServiceProcess.StartAsync(project, environment);
        services.Add(service);
        if (!isHealthy)
            return service;
        using var http = new HttpClient { BaseAddress = service.Address };
        await Eventually.BeTrueAsync(
            $"{project} is healthy", async () => (await http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode);
        return service;
    }

    /// <summary>The environment of a service, with the users that it has in production.</summary>
    internal Dictionary<string, string> Environment(string project = "OrderSystem.OrderApi")
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__nats"] = Nats.UrlOf(NatsUsers.Of(project)),
            ["ConnectionStrings__natsOps"] = Nats.UrlOf(NatsUsers.Ops),
            ["ConnectionStrings__orders"] = Database("orders", RuntimeRoles.OrderApi),
            ["ConnectionStrings__payments"] = Database("payments", RuntimeRoles.PaymentWorker),
            ["Ledger__Path"] = Path.Combine(folder.FullName, "ledger.ndjson"),
        };
        if (Gateway is not null)
            environment["Payments__GatewayUrl"] = Gateway.Address.OriginalString;
        if (OrderApi is not null)
            environment["Payments__OrdersUrl"] = OrderApi.Address.OriginalString;
        foreach (var (name, value) in overrides)
            environment[name] = value;
        return environment;
    }

    /// <summary>The environment of its migrate command, with the users that may change topology and schema.</summary>
    internal Dictionary<string, string> MigrationEnvironment(string project = "OrderSystem.OrderApi")
    {
        var environment = Environment(project);
        environment["ConnectionStrings__nats"] = Nats.UrlOf(NatsUsers.Provisioning);
        (environment["ConnectionStrings__orders"], environment["ConnectionStrings__payments"]) = (OrdersDatabase, PaymentsDatabase);
        RuntimeRoles.AddTo(environment, project);
        return environment;
    }

    private string Database(string name, string role = "postgres") =>
        new Npgsql.NpgsqlConnectionStringBuilder(Postgres.ConnectionString(name, role: role))
        {
            Host = Standby is null ? "127.0.0.1" : $"127.0.0.1:{Standby.Port},127.0.0.1:{Postgres.Port}",
        }.ConnectionString;

    private async Task MigrateAsync(string project)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync(project, MigrationEnvironment(project), "migrate");
        Assert.True(exitCode == 0, output);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services)
            await service.DisposeAsync();
        await Nats.DisposeAsync();
        await Postgres.DisposeAsync();
        if (Standby is not null)
            await Standby.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
