using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Capacity;

/// <summary>What an order takes from each resource, as a load test has measured it.</summary>
internal sealed record Demands
{
    /// <summary>
    /// The part of PostgreSQL's CPU that the database of the orders takes, sampled at saturation from the sessions of the services. The
    /// session of the group committer took at least 0.92 of its service's part, and counts as all of it.
    /// </summary>
    private const double OrdersShare = 0.63;

    /// <summary>A run without its seconds and distributions.</summary>
    private const string Measured = "measured.json";

    /// <summary>Where the demands were measured.</summary>
    internal required string Source { get; init; }

    /// <summary>CPU in the API, in one instance.</summary>
    internal required Demand OrderApi { get; init; }

    /// <summary>CPU in the worker, in one instance.</summary>
    internal required Demand PaymentWorker { get; init; }

    /// <summary>CPU in PostgreSQL for the orders of one order API.</summary>
    internal required Demand OrdersDatabase { get; init; }

    /// <summary>CPU in PostgreSQL for the orders of one worker.</summary>
    internal required Demand PaymentsDatabase { get; init; }

    /// <summary>CPU in one nats-server that syncs each message to disk.</summary>
    internal required double NatsMicroseconds { get; init; }

    /// <summary>Messages a second that one stream acknowledges while its disk syncs each of them.</summary>
    internal required double StreamMessagesPerSecond { get; init; }

    /// <summary>Seconds from a write until its commit, of a POST at the steady rate: with HTTP, so an upper bound.</summary>
    internal required double CommitSeconds { get; init; }

    /// <summary>What an order leaves on disks and sends.</summary>
    internal required VolumeReport Volume { get; init; }

    /// <summary>The demands that come with the program.</summary>
    internal static async Task<Demands> MeasuredAsync(CancellationToken cancellationToken)
    {
        await using var file = typeof(Demands).Assembly.GetManifestResourceStream(typeof(Demands), Measured)!;
        return Of(await ReportFiles.ReadAsync(file, Measured, cancellationToken), Measured);
    }

    /// <summary>Reads the demands of a run.</summary>
    /// <param name="run">A run of <c>--self --nats-sync</c>.</param>
    /// <param name="name">Its file, for messages.</param>
    /// <exception cref="LoadTestException">The run did not measure all of them; the message names what is missing.</exception>
    internal static Demands Of(RunReport run, string name)
    {
        PhaseReport[] phases = [.. run.Phases.Where(phase => phase.Name is Figures.Steady or Figures.Saturation)];
        var steady = phases.LastOrDefault(phase => phase.Name == Figures.Steady) ?? throw Missing(Figures.Steady);
        var saturation = phases.LastOrDefault(phase => phase.Name == Figures.Saturation) ?? throw Missing(Figures.Saturation);
        var synced = run.Phases.FirstOrDefault(phase => phase.Name == Figures.Synced) ?? throw Missing(Figures.Synced);
        var postgres = OfProcess("postgres");
        return new()
        {
            Source = $"{name}, {run.StartedAt:yyyy-MM-dd}, {run.Machine.Processor}, {run.Machine.Cores} cores, version {run.Version}",
            OrderApi = OfProcess("order-api"),
            PaymentWorker = OfProcess("payment-worker"),
            OrdersDatabase = postgres.Times(OrdersShare),
            PaymentsDatabase = postgres.Times(1 - OrdersShare),
            NatsMicroseconds = synced.CpuPerOrder["nats-server"],
            StreamMessagesPerSecond = run.SyncedPublishesPerSecond ?? throw Missing("syncedPublishesPerSecond"),
            CommitSeconds = steady.Post.Mean / 1000,
            Volume = saturation.Volume ?? throw Missing("volume"),
        };

        Demand OfProcess(string process) =>
            new(phases.Select(phase => new DemandPoint(phase.SettledPerSecond, phase.CpuPerOrder[process])));

        LoadTestException Missing(string part) =>
            new($"{name} has no {part}. Measure it: dotnet run -c Release --project OrderSystem.LoadTest -- --self --nats-sync");
    }
}
