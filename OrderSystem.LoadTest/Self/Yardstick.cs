using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using OrderSystem.LoadTest.Report;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>Measures how many complete orders PostgreSQL alone can write per second, with pgbench or else with Npgsql.</summary>
internal sealed partial class Yardstick(PostgresServer postgres, TimeSpan duration, TimeProvider time)
{
    internal const int Clients = 32;

    /// <summary>A plan that was made for empty tables would keep using sequential scans.</summary>
    private const string Plans = "-c enable_seqscan=off";

    private static readonly string? Program = FindProgram();

    internal static string Tool => Program is null ? "Npgsql" : "pgbench";

    /// <summary>Measures in a temporary database. The system must not run: its databases are dropped.</summary>
    internal async Task<double> MeasureAsync(string folder, CancellationToken cancellationToken)
    {
        // So that neither checkpoints nor autovacuum of earlier writes affect the measurement.
        await postgres.ExecuteAsync("DROP DATABASE IF EXISTS orders (FORCE)", cancellationToken);
        await postgres.ExecuteAsync("DROP DATABASE IF EXISTS payments (FORCE)", cancellationToken);
        await postgres.ExecuteAsync("CREATE DATABASE yardstick", cancellationToken);
        await postgres.ExecuteAsync(Resource("schema.sql"), cancellationToken, "yardstick");
        await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
        var perSecond = await (Program is null ? NpgsqlAsync(cancellationToken) : PgBenchAsync(Program, folder, cancellationToken));
        await postgres.ExecuteAsync("DROP DATABASE yardstick (FORCE)", cancellationToken);
        await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
        return perSecond;
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
