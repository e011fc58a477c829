using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>
/// Three nats-servers in one cluster, and PostgreSQL with a synchronous and an asynchronous standby: what survives the loss of any one.
/// </summary>
internal sealed class ServerCluster : IAsyncDisposable
{
    private const int Nodes = 3;
    private static readonly string[] Streams = ["ORDERS", "PAYMENTS", "DEAD_LETTERS"];

    private readonly int[] monitors;

    private ServerCluster(NatsServer[] nats, int[] monitors, PostgresServer[] postgres) =>
        (Nats, this.monitors, Postgres) = (nats, monitors, postgres);

    /// <summary>Named n0, n1 and n2.</summary>
    internal IReadOnlyList<NatsServer> Nats { get; }

    /// <summary>The primary, the synchronous standby and the asynchronous one.</summary>
    internal IReadOnlyList<PostgresServer> Postgres { get; }

    internal PostgresServer Primary => Postgres[0];

    internal PostgresServer Synchronous => Postgres[1];

    internal PostgresServer Asynchronous => Postgres[2];

    internal static async Task<ServerCluster> StartAsync()
    {
        var (routes, monitors) = (FreePorts(), FreePorts());
        var all = string.Join(", ", routes.Select(port => $"\"nats-route://127.0.0.1:{port}\""));
        var nats = Task.WhenAll(Enumerable.Range(0, Nodes).Select(node => NatsServer.StartAsync($$"""
            server_name: "n{{node}}"
            http: "127.0.0.1:{{monitors[node]}}"
            lame_duck_duration: "30s"
            lame_duck_grace_period: "1s"
            cluster { name: "ordersystem", listen: "127.0.0.1:{{routes[node]}}", routes: [{{all}}] }
            """)));
        var primary = await PostgresServer.StartAsync();
        var synchronous = await primary.StartStandbyAsync("synchronous");
        var asynchronous = await primary.StartStandbyAsync("asynchronous");
        await primary.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = 'synchronous'");
        await primary.ExecuteAsync("SELECT pg_reload_conf()");
        var cluster = new ServerCluster(await nats, monitors, [primary, synchronous, asynchronous]);
        await using var connection = new NatsConnection(new NatsOpts { Url = cluster.NatsUrl("tests") });
        var jetStream = new NatsJSContext(connection);
        await Eventually.BeTrueAsync(
            "JetStream makes a stream with a replica on each node",
            async () =>
            {
                await jetStream.CreateStreamAsync(new StreamConfig("READY", ["ready"]) { NumReplicas = Nodes });
                return await jetStream.DeleteStreamAsync("READY");
            },
            TimeSpan.FromSeconds(90));
        return cluster;

        static int[] FreePorts() => [.. Enumerable.Range(0, Nodes).Select(_ => Ports.Free())];
    }

    /// <summary>All servers, as one of the users.</summary>
    internal string NatsUrl(string user) => string.Join(',', Nats.Select(node => node.UrlOf(user)));

    /// <summary>The server that accepts writes.</summary>
    internal string ConnectionString(string database, string role = PostgresCluster.Superuser) =>
        new NpgsqlConnectionStringBuilder(Primary.ConnectionString(database, role: role))
        {
            Host = string.Join(',', Postgres.Select(server => $"127.0.0.1:{server.Port}")),
            TargetSessionAttributes = "primary",
        }.ConnectionString;

    /// <summary>The node that leads a stream.</summary>
    internal async Task<NatsServer> LeaderOfAsync(string stream)
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = NatsUrl("tests") });
        var jetStream = new NatsJSContext(connection);
        var leader = await Eventually.GetAsync(
            $"{stream} has a leader", async () => (await jetStream.GetStreamAsync(stream)).Info.Cluster?.Leader,
            name => !string.IsNullOrEmpty(name));
        return Named(leader!);
    }

    /// <summary>The node that leads the cluster's assignments of streams and consumers.</summary>
    internal async Task<NatsServer> MetaLeaderAsync()
    {
        using var http = new HttpClient();
        foreach (var port in monitors)
        {
            try
            {
                using var answer = JsonDocument.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/jsz")));
                if (answer.RootElement.GetProperty("meta_cluster").TryGetProperty("leader", out var leader))
                    return Named(leader.GetString()!);
            }
            catch (HttpRequestException)
            {
                // That node is down.
            }
        }

        throw new InvalidOperationException("No node knows a meta leader.");
    }

    /// <summary>Waits until every node has every message, so that one of them may be lost.</summary>
    internal async Task WaitUntilReplicatedAsync()
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = NatsUrl("tests") });
        var jetStream = new NatsJSContext(connection);
        foreach (var stream in Streams)
        {
            await Eventually.GetAsync(
                $"{stream} has two current followers",
                async () => (await jetStream.GetStreamAsync(stream)).Info.Cluster!.Replicas!.Count(replica => replica.Current),
                current => current == Nodes - 1, TimeSpan.FromSeconds(60));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nats)
            await node.DisposeAsync();
        foreach (var server in Postgres.Reverse())
            await server.DisposeAsync();
    }

    private NatsServer Named(string name) => Nats[int.Parse(name[1..], System.Globalization.CultureInfo.InvariantCulture)];
}
