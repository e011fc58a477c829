using Npgsql;
using OrderSystem.LoadTest.Report;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.LoadTest.Capacity;

/// <summary>The resources of a workload, by the utilisation law and Little's law, with the default settings of the services.</summary>
internal sealed class CapacityPlan
{
    /// <summary>Planned utilisation of each resource: the rest is for bursts, and keeps queues short.</summary>
    internal const double Target = 0.6;

    /// <summary>The default of <c>Idempotency__Retention</c>, which belongs to the order API.</summary>
    private const double KeyDays = 3;
    private const double SecondsPerDay = 86_400;
    private const int Halvings = 60;

    /// <summary>The session that commits the batches of a service is one process of PostgreSQL.</summary>
    private const double CommitterCores = 1;

    private static readonly JetStreamOptions JetStream = new();
    private static readonly RetentionOptions Retention = new();

    private readonly Demands demands;

    internal CapacityPlan(Demands demands, Workload workload)
    {
        (this.demands, Workload) = (demands, workload);
        var commit = demands.CommitSeconds;
        OrderApi = PlanOf("order-api", demands.OrderApi, demands.OrdersDatabase, commit);
        PaymentWorker = PlanOf("payment-worker", demands.PaymentWorker, demands.PaymentsDatabase, WorkerSeconds);
        OrdersDatabaseCores = DatabaseCores(OrderApi, demands.OrdersDatabase, Rate);
        PaymentsDatabaseCores = DatabaseCores(PaymentWorker, demands.PaymentsDatabase, Rate);
        Limits = [.. AllLimits().OrderBy(limit => limit.OrdersPerSecond)];
    }

    internal Workload Workload { get; }

    internal ServicePlan OrderApi { get; }

    internal ServicePlan PaymentWorker { get; }

    /// <summary>Cores of the primary, at the target utilisation.</summary>
    internal double OrdersDatabaseCores { get; }

    /// <summary>Cores of the primary, at the target utilisation.</summary>
    internal double PaymentsDatabaseCores { get; }

    /// <summary>What more instances do not raise; the first limit first.</summary>
    internal IReadOnlyList<Limit> Limits { get; }

    /// <summary>Connections that PostgreSQL must accept in a rollout, which adds an instance to each service.</summary>
    internal int OrdersConnections => (OrderApi.Planned + 1) * PoolSize;

    internal int PaymentsConnections => (PaymentWorker.Planned + 1) * PoolSize;

    /// <summary>Little's law: concurrent calls = rate × latency.</summary>
    internal double ProviderCalls => Rate * Workload.ProviderLatency.TotalSeconds;

    /// <summary>Cores of each nats-server, at the target utilisation: the leader of both streams stores every message.</summary>
    internal double NatsCores => Rate * demands.NatsMicroseconds / 1e6 / Target;

    /// <summary>Streams per subject whose disks could sync every message at the target utilisation. This release has one.</summary>
    internal int Streams => (int)Math.Ceiling(Rate / StreamLimit);

    internal double WalMegabytesPerSecond => Megabytes(demands.Volume.Wal);

    internal double WireMegabytesPerSecond => Megabytes(demands.Volume.Wire);

    internal double MessagesPerSecond => Rate * demands.Volume.Messages;

    /// <summary>Gigabytes of all copies for as long as the streams keep messages.</summary>
    internal double StreamGigabytes => Gigabytes(demands.Volume.Streams, JetStream.MaxAge.TotalDays) * Workload.Replicas;

    internal double OrdersGigabytes => DatabaseGigabytes("orders.");

    internal double PaymentsGigabytes => DatabaseGigabytes("payments.");

    private static int PoolSize { get; } =
        new NpgsqlConnectionStringBuilder(PostgresDefaults.Complete("Host=localhost", "capacity")).MaxPoolSize;

    private double Rate => Workload.OrdersPerSecond;

    /// <summary>How long a message holds a slot of the worker: the provider's latency and two commits.</summary>
    private double WorkerSeconds => Workload.ProviderLatency.TotalSeconds + (2 * demands.CommitSeconds);

    private double StreamLimit => Target * demands.StreamMessagesPerSecond;

    private ServicePlan PlanOf(string name, Demand cpu, Demand database, double slotSeconds)
    {
        var (byCpu, byCommitter) = (cpu.RateOn(Target * Workload.Cores), database.RateOn(Target * CommitterCores));
        if (byCpu <= 0)
            throw new LoadTestException($"--cores {Workload.Cores:0.##} are too few for {name} at any rate that was measured.");
        if (byCommitter <= 0)
            throw new LoadTestException($"The report's PostgreSQL is too slow for one {name} at any rate that was measured.");
        return new(
            name, Rate, new("CPU", byCpu), new("committer", byCommitter), new("slots", Target * JetStream.Concurrency / slotSeconds));
    }

    /// <summary>All planned instances share the load, so that their batches are as small as they get.</summary>
    private static double DatabaseCores(ServicePlan service, Demand demand, double rate)
    {
        var instances = service.PlannedFor(rate);
        return instances * demand.CoresAt(rate / instances) / Target;
    }

    private IEnumerable<Limit> AllLimits()
    {
        yield return new(
            "nats-server: one stream per subject, each message synced", StreamLimit,
            "a faster disk: no setting of this release adds streams");
        var unacked = (int)Math.Ceiling(Rate * WorkerSeconds / Target);
        yield return new(
            $"ORDER_PROCESSOR: JetStream__MaxAckPending={JetStream.MaxAckPending}", Target * JetStream.MaxAckPending / WorkerSeconds,
            $"JetStream__MaxAckPending={unacked}");
        yield return Database("orders", OrderApi, demands.OrdersDatabase);
        yield return Database("payments", PaymentWorker, demands.PaymentsDatabase);
    }

    /// <summary>The rate whose instances, as many as it needs, keep the primary as busy as planned.</summary>
    private Limit Database(string name, ServicePlan service, Demand demand)
    {
        var (low, high) = (0.0, demand.RateOn(Target * Workload.DatabaseCores));
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = DatabaseCores(service, demand, middle) <= Workload.DatabaseCores ? (middle, high) : (low, middle);
        }

        return new(
            $"PostgreSQL {name}: a primary with {Workload.DatabaseCores:0.##} cores", high,
            $"a primary with {Math.Ceiling(DatabaseCores(service, demand, Rate)):0} cores");
    }

    private double DatabaseGigabytes(string prefix) => demands.Volume.Tables
        .Where(table => table.Key.StartsWith(prefix, StringComparison.Ordinal))
        .Sum(table => Gigabytes(table.Value, DaysOf(table.Key[prefix.Length..])));

    private double DaysOf(string table) => table switch
    {
        "inbox" => Math.Min(Retention.Inbox.TotalDays, Workload.Days),
        "idempotency_keys" => Math.Min(KeyDays, Workload.Days),

        // Rows that live for milliseconds; the space is used again.
        "outbox" => 0,
        _ => Workload.Days,
    };

    private double Gigabytes(double kilobytes, double days) => Megabytes(kilobytes) * days * SecondsPerDay / 1000;

    private double Megabytes(double kilobytes) => Rate * kilobytes / 1000;
}
