using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>The bytes that a local system has written and sent so far.</summary>
/// <param name="orders">Connection string of the orders' database.</param>
/// <param name="payments">And of the payments'.</param>
/// <param name="nats">The server, with a user that may ask for both streams.</param>
/// <param name="inboxPrefix">Where that user receives answers.</param>
internal sealed class Volumes(string orders, string payments, string nats, string inboxPrefix)
{
    private const double Kilobyte = 1_000;

    /// <summary>Kilobytes since the start of the servers and of the machine's loopback interface.</summary>
    internal async Task<VolumeReport> ReadAsync(CancellationToken cancellationToken)
    {
        var wire = Loopback();
        var tables = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var database in (string[])[orders, payments])
            await ReadTablesAsync(database, tables, cancellationToken);
        var (bytes, messages) = await ReadStreamsAsync(cancellationToken);
        return new(await WalAsync(cancellationToken), tables, bytes, messages, wire);
    }

    internal static VolumeReport PerOrder(VolumeReport before, VolumeReport after, long orders) => new(
        (after.Wal - before.Wal) / orders,
        after.Tables.ToDictionary(
            table => table.Key, table => (table.Value - before.Tables.GetValueOrDefault(table.Key)) / orders, StringComparer.Ordinal),
        (after.Streams - before.Streams) / orders,
        (after.Messages - before.Messages) / orders,
        (after.Wire - before.Wire) / orders);

    private static async Task ReadTablesAsync(string database, Dictionary<string, double> tables, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            "SELECT current_database() || '.' || relname, pg_total_relation_size(relid) FROM pg_stat_user_tables");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            tables[reader.GetString(0)] = reader.GetInt64(1) / Kilobyte;
    }

    private async Task<double> WalAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(orders);
        await using var command = source.CreateCommand("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8");
        return (double)(await command.ExecuteScalarAsync(cancellationToken))! / Kilobyte;
    }

    private async Task<(double Kilobytes, double Messages)> ReadStreamsAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NatsConnection(NatsOpts.Default with { Url = nats, InboxPrefix = inboxPrefix });
        var (jetStream, bytes, messages) = (new NatsJSContext(connection), 0L, 0L);
        foreach (var name in (string[])["ORDERS", "PAYMENTS"])
        {
            var state = (await jetStream.GetStreamAsync(name, cancellationToken: cancellationToken)).Info.State;
            (bytes, messages) = (bytes + state.Bytes, messages + state.Messages);
        }

        return (bytes / Kilobyte, messages);
    }

    /// <summary>Received bytes: on the loopback interface, what one process sends another receives.</summary>
    private static double Loopback()
    {
        var line = File.ReadLines("/proc/net/dev").First(line => line.TrimStart().StartsWith("lo:", StringComparison.Ordinal));
        var received = line.Split(':', 2)[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return double.Parse(received, CultureInfo.InvariantCulture) / Kilobyte;
    }
}
