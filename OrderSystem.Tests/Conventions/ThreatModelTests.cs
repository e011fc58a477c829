using System.Reflection;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>
/// docs/threat-model.md names the test of each attack. Each is there, and no input that the system has to answer is missing.
/// </summary>
[Fast]
public sealed partial class ThreatModelTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Solution.Root, "docs", "threat-model.md"));

    private static readonly HashSet<string> Tests =
    [
        .. from type in typeof(ThreatModelTests).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
           where method.GetCustomAttributes().Any(attribute => attribute is FactAttribute { Skip: null, Explicit: false })
           select $"{type.Name}.{method.Name}",
    ];

    private static readonly string[] Rows =
    [
        .. Page[Page.IndexOf("| attack |", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|')),
    ];

    [Fact]
    public void Every_test_that_it_names_is_there()
    {
        Assert.True(Rows.Length > 30);
        Assert.All(Rows, row =>
        {
            var named = TestName().Matches(row).Select(match => match.Groups[1].Value).ToArray();
            Assert.True(named.Length > 0, $"No test: {row}");
            Assert.All(named, name => Assert.True(Tests.Contains(name), $"There is no test {name}."));
        });
    }

    [Fact]
    public void Every_odd_input_and_every_odd_message_of_the_catalogue_is_in_it() =>
        Assert.All(
            FailureCatalogueTests.Rows.Select(row => row.Data).Where(number => number[0] is 'H' or 'M'),
            number => Assert.Contains(Rows, row => row.Contains($".{number}_", StringComparison.Ordinal)));

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex TestName();
}
