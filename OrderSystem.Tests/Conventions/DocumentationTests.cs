using System.Reflection;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>The pages name tests that exist, and code and pages use the terms of the field.</summary>
[Fast]
public sealed partial class DocumentationTests
{
    private const int MaxLine = 140;

    private static readonly string[] Pages =
    [
        .. Directory.EnumerateFiles(Path.Combine(Solution.Root, "docs"), "*.md", SearchOption.AllDirectories),
        Path.Combine(Solution.Root, "README.md"),
        Path.Combine(Solution.Root, "SECURITY.md"),
    ];

    private static readonly string[] Sources =
    [
        .. new[] { "OrderSystem.*", "standins" }.SelectMany(name => Directory.EnumerateDirectories(Solution.Root, name))
            .SelectMany(project => Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Every_test_that_a_page_names_exists()
    {
        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var tests = from type in typeof(DocumentationTests).Assembly.GetTypes()
                    from method in type.GetMethods(Public)
                    where method.GetCustomAttributes().Any(attribute => attribute is FactAttribute { Skip: null, Explicit: false })
                    from name in new[] { method.Name, $"{type.Name}.{method.Name}" }
                    select name;
        var named = Pages.SelectMany(page => TestName().Matches(File.ReadAllText(page)))
            .Select(match => match.Groups["name"].Value).ToArray();

        Assert.True(named.Length > 100);
        Assert.Empty(named.Except(tests, StringComparer.Ordinal));
    }

    /// <summary>A sentence without an actor leaves the reader to guess which part of the system it means.</summary>
    [Fact]
    public void Comments_and_pages_name_the_actor()
    {
        var comments = Sources.SelectMany(path => File.ReadLines(path)
            .Where(line => line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .Select(line => $"{Path.GetFileName(path)}: {line.Trim()}"));
        var prose = Pages.SelectMany(page => File.ReadLines(page).Select(line => $"{Path.GetFileName(page)}: {line}"));

        Assert.DoesNotContain(comments.Concat(prose), line => NoActor().IsMatch(Code().Replace(line, "")));
    }

    [Fact]
    public void No_line_of_code_is_longer_than_140_characters() =>
        Assert.Empty(Sources.SelectMany(path => File.ReadLines(path)
            .Where(line => line.Length > MaxLine).Select(line => $"{path}: {line}")));

    [GeneratedRegex(
        @"`(?<name>(\w+\.)?[A-Z][A-Za-z0-9]*_(?!_)\w*[a-z]\w*)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TestName();

    [GeneratedRegex(
        @"\b(nobody|whoever|somebody|everybody|anew|tells of|goes on being)\b",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex NoActor();

    /// <summary>Code in a text, which is no prose.</summary>
    [GeneratedRegex("<c>[^<]*</c>|`[^`]*`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();
}
