using Mono.Cecil;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>Tests that are marked <see cref="FastAttribute"/> start no process: neither they nor a helper that they use can.</summary>
[Fast]
public sealed class FastTestTests
{
    private static readonly string[] Slow = ["System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo"];

    [Fact]
    public void A_fast_test_starts_no_process()
    {
        using var tests = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, "OrderSystem.Tests.dll"));
        using var servers = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, "OrderSystem.LocalServers.dll"));
        var fast = tests.Types.Where(
            type => type.CustomAttributes.Any(attribute => attribute.AttributeType.Name == nameof(FastAttribute))).ToArray();

        Assert.True(fast.Length > 30);
        Assert.All(fast, type => Assert.Null(WayToAProcess(type, [tests, servers])));
    }

    /// <summary>The types from a test to one that starts a process; null when there is none.</summary>
    private static string? WayToAProcess(TypeDefinition test, ModuleDefinition[] modules)
    {
        var ways = new Dictionary<string, string> { [test.FullName] = test.Name };
        var next = new Queue<TypeDefinition>([test]);
        while (next.TryDequeue(out var type))
        {
            foreach (var used in TypeDependencies.Used(type).Select(TypeDependencies.Outermost).DistinctBy(used => used.FullName))
            {
                var way = $"{ways[type.FullName]} → {used.Name}";
                if (Slow.Contains(used.FullName, StringComparer.Ordinal))
                    return way;
                if (modules.Select(module => module.GetType(used.FullName)).FirstOrDefault(found => found is not null) is { } own
                    && ways.TryAdd(own.FullName, way))
                    next.Enqueue(own);
            }
        }

        return null;
    }
}
