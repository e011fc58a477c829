using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>
/// Measures PostgreSQL alone: how many complete orders it can write per second and at what CPU, with pgbench or else with Npgsql, and how
/// long one commit takes when nothing else runs.
/// </summary>
internal sealed partial class Yardstick(PostgresServer postgres, TimeSpan duration, TimeProvider time)
{
    internal const int Clients = 32;

    /// <summary>A plan that was made for empty tables would keep using sequential scans.</summary>
    private const string Plans = "-c enable_seqscan=off";

    private static readonly TimeSpan CommitDuration = TimeSpan.FromSeconds(3);
    private static readonly string? Program = FindProgram();

    internal static string Tool => Program is null ? "Npgsql" : "pgbench";

    /// <summary>Measures in a temporary database. The system must not run: its databases are dropped.</summary>
    internal async Task<YardstickMeasurement> MeasureAsync(string folder, CancellationToken cancellationToken)
    {
        // So that neither checkpoints nor autovacuum of earlier writes affect the measurement.
        await postgres.DropAsync(["orders", "payments"], cancellationToken);
        await postgres.ExecuteAsync("CREATE DATABASE yardstick", cancellationToken);
        await postgres.ExecuteAsync(Resource("schema.sql"), cancellationToken, "yardstick");
        await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
        var commit = await CommitAsync(cancellationToken);
        var (cpu, started) = (CpuSeconds(), time.GetTimestamp());
        var perSecond = await (Program is null ? NpgsqlAsync(cancellationToken) : PgBenchAsync(Program, folder, cancellationToken));
        var microseconds = (CpuSeconds() - cpu) * 1e6 / (perSecond * time.GetElapsedTime(started).TotalSeconds);
        await postgres.DropAsync(["yardstick"], cancellationToken);
        return new(perSecond, microseconds, commit);
    }

    /// <summary>That of PostgreSQL and of its client: pgbench, which has ended, or this program.</summary>
    private double CpuSeconds() => new ProcessTree("postgres", postgres.ProcessId).CpuSeconds()
        + (Program is null
            ? new ProcessTree("client", Environment.ProcessId, IsAlone: true).CpuSeconds()
            : ProcessTree.CpuSecondsOfEndedChildren());

    /// <returns>The median of one synchronous commit of one row, in milliseconds.</returns>
    private async Task<double> CommitAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString("yardstick") + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var insert = new NpgsqlCommand(
            "INSERT INTO payments (order_id, amount, currency, status) VALUES (gen_random_uuid(), 1, 'EUR', 'pending')", connection);
        await insert.PrepareAsync(cancellationToken);
        var (commits, start) = (new Histogram(), time.GetTimestamp());
        while (time.GetElapsedTime(start) < CommitDuration)
        {
            var started = time.GetTimestamp();
            await insert.ExecuteNonQueryAsync(cancellationToken);
            commits.Record(time.GetElapsedTime(started));
        }

        return commits.Percentile(50) / 1000.0;
    }

    private async Task<double> PgBenchAsync(string program, string folder, CancellationToken cancellationToken)
    {
        var script = Path.Combine(folder, "whole-life.sql");
        await File.WriteAllTextAsync(script, Resource("whole-life.sql"), cancellationToken);
        string[] command =
        [
            program, "-n", "-M", "prepared", "-f", script, "-c", $"{Clients}", "-j", "2",
            "-T", duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture),
            "-h", "127.0.0.1", "-p", $"{postgres.Port}", "-U", "postgres", "yardstick",
        ];
        var output = await ChildProcess.RunAsync(
            command,
            [.. ServerPrograms.Postgres.Environment, new("PGOPTIONS", Plans), new("PGPASSWORD", postgres.Password)],
            cancellationToken);
        return TransactionsPerSecond().Match(output) is { Success: true } match
            ? double.Parse(match.Groups["rate"].Value, CultureInfo.InvariantCulture)
            : throw new LoadTestException($"pgbench printed no rate:\n{output}");
    }

    private async Task<double> NpgsqlAsync(CancellationToken cancellationToken)
    {
        var script = YardstickScript.Parse(Resource("whole-life.sql"));
        await using var database = NpgsqlDataSource.Create(
            $"{postgres.ConnectionString("yardstick")};Options={Plans};Max Auto Prepare=10;Auto Prepare Min Usages=1");
        var (start, orders) = (time.GetTimestamp(), 0L);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(
            async () =>
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                while (time.GetElapsedTime(start) < duration)
                {
                    await script.RunAsync(connection, cancellationToken);
                    Interlocked.Increment(ref orders);
                }
            },
            cancellationToken)));
        return orders / time.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>First in the server's folder, because Debian has a wrapper in the PATH.</summary>
    private static string? FindProgram() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Prepend(ServerPrograms.Postgres.Folder).Select(folder => Path.Combine(folder, "pgbench")).FirstOrDefault(File.Exists);

    internal static string Resource(string name)
    {
        using var stream = typeof(Yardstick).Assembly.GetManifestResourceStream($"OrderSystem.LoadTest.Yardstick.{name}")!;
        return new StreamReader(stream).ReadToEnd();
    }

    [GeneratedRegex(@"tps = (?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TransactionsPerSecond();
}

/// <summary>One measurement of the yardstick.</summary>
/// <param name="PerSecond">Complete orders a second.</param>
/// <param name="CpuPerOrder">Microseconds, of PostgreSQL and its client.</param>
/// <param name="CommitMilliseconds">The median of one synchronous commit.</param>
internal sealed record YardstickMeasurement(double PerSecond, double CpuPerOrder, double CommitMilliseconds);
