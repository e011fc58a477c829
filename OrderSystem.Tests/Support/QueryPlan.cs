using System.Text.Json.Nodes;
using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>What PostgreSQL reads for a statement according to EXPLAIN ANALYZE. The changes of the statement are rolled back.</summary>
/// <param name="Rows">Rows that were read from tables and indexes, including those that a filter removed.</param>
/// <param name="Buffers">Pages that were accessed.</param>
/// <param name="Text">The whole plan.</param>
internal sealed record QueryPlan(long Rows, long Buffers, string Text)
{
    /// <summary>Explains with the settings of the connection string.</summary>
    internal static async Task<QueryPlan> OfAsync(string connectionString, string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        var text = (string)(await command.ExecuteScalarAsync())!;
        var root = JsonNode.Parse(text)![0]!["Plan"]!;
        await transaction.RollbackAsync();
        return new(Nodes(root).Sum(Read), Number(root, "Shared Hit Blocks") + Number(root, "Shared Read Blocks"), text);
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node) =>
        (node["Plans"] as JsonArray ?? []).SelectMany(child => Nodes(child!)).Prepend(node);

    private static long Read(JsonNode node) => node["Node Type"]!.ToString() is "Seq Scan" or "Index Scan" or "Index Only Scan"
            or "Bitmap Heap Scan" or "Bitmap Index Scan" or "Tid Scan"
        ? (Number(node, "Actual Rows") + Number(node, "Rows Removed by Filter") + Number(node, "Rows Removed by Index Recheck"))
            * Number(node, "Actual Loops")
        : 0;

    private static long Number(JsonNode node, string name) => node[name] is { } value ? (long)Math.Ceiling(value.GetValue<double>()) : 0;
}
