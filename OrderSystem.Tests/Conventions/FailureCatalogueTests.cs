using System.Reflection;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>The faults (F), inputs (H) and messages (M) that the system has to answer: each has a test that bears its number.</summary>
[Fast]
public sealed class FailureCatalogueTests
{
    private static readonly string[] Tests =
    [
        .. from type in typeof(FailureCatalogueTests).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
           where method.GetCustomAttributes().Any(attribute => attribute is FactAttribute { Skip: null, Explicit: false })
           select method.Name,
    ];

    public static TheoryData<string> Rows => new(
    [
        "F1", "F4", "F6", "F12", "F13", "F16", "F17", "F19", "F21", "F24", "F26", "F27", "F29", "F30", "F31", "F32", "F33", "F34", "F35",
        "F36", "F37", "F38", "F39", "F41", "F42",
        "H1", "H2", "H3", "H5", "H7", "H8", "H11", "H13",
        "M1", "M3", "M5", "M9",
    ]);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_row_has_a_test_that_bears_its_number(string row) =>
        Assert.True(Tests.Any(name => name.StartsWith($"{row}_", StringComparison.Ordinal)),
            $"No test's name starts with {row}_: write one, or rename the one that covers it.");

    /// <summary>A test with a number that is not in the list would be missed when it goes.</summary>
    [Fact]
    public void Every_number_that_a_test_bears_is_a_row() =>
        Assert.DoesNotContain(
            Tests, name => name.Split('_')[0] is ['F' or 'H' or 'M', >= '0' and <= '9', ..] number && Rows.All(row => row.Data != number));
}
