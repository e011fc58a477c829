using Xunit.v3;

namespace OrderSystem.Tests;

/// <summary>Marks a test class that starts no process: <c>./test.sh --fast</c> runs these alone.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class FastAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Category", "fast")];
}
