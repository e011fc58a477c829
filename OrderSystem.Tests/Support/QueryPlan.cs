using System.Text.Json.Nodes;
using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>What PostgreSQL read for a statement, as EXPLAIN ANALYZE says. What the statement changed is rolled back.</summary>
/// <param name="Rows">Rows that were read from tables and indexes, with those that a filter threw away.</param>
/// <param name="Buffers">Pages that were looked at.</param>
/// <param name="Text">The whole plan.</param>
internal sealed record QueryPlan(long Rows, long Buffers, string Text)
{
    /// <summary>Explains with the settings that the connection string says.</summary>
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

    private static IEnumerable<JsonNode> Nodes(JsonNode node) => (node["Plans"] as JsonArray ?? []).SelectMany(child => Nodes(child!)).Prepend(node);

    private static long Read(JsonNode node) => node["Node Type"]!.ToString() is "Seq Scan" or "Index Scan" or "Index Only Scan" or "Bitmap Heap Scan" or "Bitmap Index Scan" or "Tid Scan"
        ? (Number(node, "Actual Rows") + Number(node, "Rows Removed by Filter") + Number(node, "Rows Removed by Index Recheck")) * Number(node, "Actual Loops")
        : 0;

    private static long Number(JsonNode node, string name) => node[name] is { } value ? (long)Math.Ceiling(value.GetValue<double>()) : 0;
}
