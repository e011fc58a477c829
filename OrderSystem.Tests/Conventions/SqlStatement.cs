using System.Globalization;
using System.Text.RegularExpressions;

namespace OrderSystem.Tests.Conventions;

/// <summary>One statement of a script.</summary>
/// <param name="Text">In one line, without comments, without what literals and bodies contain.</param>
/// <param name="Body">The same of its body between dollar signs, as of a function; empty without one.</param>
internal sealed partial record SqlStatement(string Text, string Body)
{
    internal static IReadOnlyList<SqlStatement> Of(string script)
    {
        var bodies = new List<string>();
        var text = Token().Replace(script, token =>
        {
            if (!token.Groups["body"].Success)
                return Without(token);
            bodies.Add(OneLine(Token().Replace(token.Groups["body"].Value, Without)));
            return string.Create(CultureInfo.InvariantCulture, $"${bodies.Count - 1}$");
        });
        return [.. text.Split(';').Select(OneLine).Where(statement => statement.Length > 0).Select(statement => new SqlStatement(
            statement,
            BodyNumber().Match(statement) is { Success: true } body
                ? bodies[int.Parse(body.Groups["number"].ValueSpan, CultureInfo.InvariantCulture)]
                : ""))];
    }

    private static string Without(Match token) => token.ValueSpan[0] == '\'' ? "''" : " ";

    private static string OneLine(string sql) => Space().Replace(sql, " ").Trim();

    [GeneratedRegex(
        @"--[^\n]*|/\*.*?\*/|'([^']|'')*'|\$(?<tag>\w*)\$(?<body>.*?)\$\k<tag>\$",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();

    [GeneratedRegex(@"\$(?<number>\d+)\$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BodyNumber();

    [GeneratedRegex(@"\s+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Space();
}
