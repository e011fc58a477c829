using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The set-up of the parts.</summary>
internal sealed partial class FaultSystem
{
    /// <summary>Short times, so that a scenario ends within seconds. All other settings have their defaults.</summary>
    private static Dictionary<string, string> Quick(IEnumerable<(string Name, string Value)> settings)
    {
        var quick = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["JetStream__AckWait"] = "00:00:05",
            ["Relay__PublishTimeout"] = "00:00:01",
            ["Relay__Lease"] = "00:00:02",
            ["Payments__AttemptTimeout"] = "00:00:01",
            ["Payments__TotalTimeout"] = "00:00:04",
            ["Payments__Breaker__BreakDuration"] = "00:00:01",
            ["Payments__Breaker__MaxBreakDuration"] = "00:00:03",
        };
        foreach (var (name, value) in settings)
            quick[name] = value;
        return quick;
    }

    /// <summary>Brings the database of a service up to date.</summary>
    internal async Task MigrateAsync(string project)
    {
        var environment = Environment(project);
        (environment["ConnectionStrings__orders"], environment["ConnectionStrings__payments"]) = (OrdersDatabase, PaymentsDatabase);
        environment["ConnectionStrings__nats"] = cluster?.NatsUrl(NatsUsers.Provisioning) ?? Nats.UrlOf(NatsUsers.Provisioning);
        RuntimeRoles.AddTo(environment, project);
        var (exitCode, output) = await ServiceProcess.RunBuildAsync(Build(project), environment, "migrate");
        Assert.True(exitCode == 0, output);
    }

    private async Task<ServiceProcess> StartAsync(string project, List<ServiceProcess> instances)
    {
        var service = await ServiceProcess.StartAsync(project, Environment(project), Build(project));
        lock (one)
            instances.Add(service);
        return service;
    }

    private Dictionary<string, string> Environment(string project)
    {
        var (nats, postgres) = project == ApiProject ? (ApiNats, ApiPostgres) : (WorkerNats, WorkerPostgres);
        var environment = new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["ConnectionStrings__nats"] =
                cluster?.NatsUrl(NatsUsers.Of(project)) ?? Nats.UrlOf(NatsUsers.Of(project), nats.Port),
            ["ConnectionStrings__orders"] = Through(postgres, "orders", RuntimeRoles.Of(project)),
            ["ConnectionStrings__payments"] = Through(postgres, "payments", RuntimeRoles.Of(project)),
            ["Payments__GatewayUrl"] = $"http://127.0.0.1:{Provider.Port}",
            ["Payments__OrdersUrl"] = $"http://127.0.0.1:{WorkerApi.Port}",
            ["Payments__Stripe__Url"] = $"http://127.0.0.1:{Provider.Port}",
            ["Ledger__Path"] = Path.Combine(folder.FullName, "ledger.ndjson"),
        };
        if (settings.ContainsKey("Webhooks__Secret"))
            (environment["Webhooks__Url"], environment["Audit__WorkerUrl"]) =
                ($"http://127.0.0.1:{Webhooks.Port}/webhooks", $"http://127.0.0.1:{Webhooks.Port}");
        return environment;
    }

    /// <summary>The connection is not encrypted, because the proxy reads the frames.</summary>
    private string Through(TcpProxy proxy, string database, string role) => cluster?.ConnectionString(database, role)
        ?? Postgres.ConnectionString(database, proxy.Port, role) + ";SSL Mode=Disable;GSS Encryption Mode=Disable";

    private void Retire(ServiceProcess service)
    {
        lock (one)
        {
            if (apis.Remove(service) || workers.Remove(service))
                gone.Add(service);
        }
    }

    private IReadOnlyList<ServiceProcess> Snapshot(List<ServiceProcess> list)
    {
        lock (one)
            return [.. list];
    }
}
