using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>docs/threat-model.md names a test for each attack, and has each input that the system has to answer.</summary>
[Fast]
public sealed partial class ThreatModelTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Solution.Root, "docs", "threat-model.md"));

    private static readonly string[] Rows =
    [
        .. Page[Page.IndexOf("| attack |", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|')),
    ];

    [Fact]
    public void Every_attack_names_a_test()
    {
        Assert.True(Rows.Length > 30);
        Assert.All(Rows, row => Assert.Matches(TestName(), row));
    }

    [Fact]
    public void Every_odd_input_and_every_odd_message_of_the_catalogue_is_in_it() =>
        Assert.All(
            FailureCatalogueTests.Rows.Select(row => row.Data).Where(number => number[0] is 'H' or 'M'),
            number => Assert.Contains(Rows, row => row.Contains($".{number}_", StringComparison.Ordinal)));

    [GeneratedRegex(@"`\w+Tests\.\w+`")]
    private static partial Regex TestName();
}
