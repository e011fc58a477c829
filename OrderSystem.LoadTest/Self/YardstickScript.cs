using System.Text.RegularExpressions;
using Npgsql;

namespace OrderSystem.LoadTest.Self;

/// <summary>Runs a pgbench script with Npgsql, as far as the yardstick needs: statements, <c>\gset</c> and <c>:name</c>.</summary>
internal sealed partial record YardstickScript(IReadOnlyList<YardstickScript.Statement> Statements)
{
    internal static YardstickScript Parse(string text) => new(
    [
        .. StatementEnd().Matches(Comment().Replace(text, "")).Select(match =>
        {
            var names = new List<string>();
            var sql = Variable().Replace(match.Groups["sql"].Value.Trim(), name =>
            {
                if (!names.Contains(name.Groups["name"].Value))
                    names.Add(name.Groups["name"].Value);
                return $"${names.IndexOf(name.Groups["name"].Value) + 1}";
            });
            return new Statement(sql, names, match.Groups["end"].Value != ";");
        }),
    ]);

    /// <summary>Runs the script once, each statement in its own transaction.</summary>
    internal async Task RunAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var variables = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var statement in Statements)
        {
            await using var command = new NpgsqlCommand(statement.Sql, connection);
            foreach (var name in statement.Parameters)
                command.Parameters.Add(new NpgsqlParameter { Value = variables[name] });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (statement.SetsVariables && await reader.ReadAsync(cancellationToken))
            {
                for (var i = 0; i < reader.FieldCount; i++)
                    variables[reader.GetName(i)] = reader.GetValue(i);
            }
        }
    }

    /// <summary>A statement with <c>$1</c> … in the order of its parameters.</summary>
    internal sealed record Statement(string Sql, IReadOnlyList<string> Parameters, bool SetsVariables);

    [GeneratedRegex(
        @"(?<sql>.+?)(?<end>;|\\gset)\s*(?:\n|$)",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex StatementEnd();

    /// <summary>Not the second half of a cast.</summary>
    [GeneratedRegex(@"(?<!:):(?<name>[a-z]\w*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"^--.*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();
}
