using System.Reflection;
using BenchmarkDotNet.Attributes;
using OrderSystem.Benchmarks;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>Runs each microbenchmark once, so that a broken one is noticed.</summary>
public sealed class BenchmarkTests
{
    public static TheoryData<string, string> All =>
        [.. from type in typeof(OrderBenchmarks).Assembly.GetExportedTypes()
            from method in type.GetMethods()
            where method.IsDefined(typeof(BenchmarkAttribute))
            select (type.Name, method.Name)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Each_benchmark_runs_once(string type, string method)
    {
        var benchmark = Activator.CreateInstance(typeof(OrderBenchmarks).Assembly.GetExportedTypes().Single(known => known.Name == type))!;
        await RunAsync(benchmark, candidate => candidate.IsDefined(typeof(GlobalSetupAttribute)));
        await RunAsync(benchmark, candidate => candidate.Name == method);
        await RunAsync(benchmark, candidate => candidate.IsDefined(typeof(GlobalCleanupAttribute)));
    }

    private static async Task RunAsync(object benchmark, Func<MethodInfo, bool> isChosen)
    {
        foreach (var method in benchmark.GetType().GetMethods().Where(isChosen))
        {
            var result = method.Invoke(benchmark, null);
            var end = result switch { Task task => task, ValueTask task => task.AsTask(), _ => Task.CompletedTask };
            await end.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }
}
