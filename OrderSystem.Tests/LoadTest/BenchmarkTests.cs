using System.Reflection;
using BenchmarkDotNet.Attributes;
using OrderSystem.Benchmarks;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>Each microbenchmark does its work once: what is never run stops working unnoticed.</summary>
public sealed class BenchmarkTests
{
    public static TheoryData<string, string> All =>
        [.. from type in typeof(OrderBenchmarks).Assembly.GetExportedTypes()
            from method in type.GetMethods()
            where method.IsDefined(typeof(BenchmarkAttribute))
            select (type.Name, method.Name)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task It_runs(string type, string method)
    {
        var benchmark = Activator.CreateInstance(typeof(OrderBenchmarks).Assembly.GetExportedTypes().Single(known => known.Name == type))!;
        await RunAsync(benchmark, candidate => candidate.IsDefined(typeof(GlobalSetupAttribute)));
        await RunAsync(benchmark, candidate => candidate.Name == method);
        await RunAsync(benchmark, candidate => candidate.IsDefined(typeof(GlobalCleanupAttribute)));
    }

    private static async Task RunAsync(object benchmark, Func<MethodInfo, bool> isMeant)
    {
        foreach (var method in benchmark.GetType().GetMethods().Where(isMeant))
        {
            var result = method.Invoke(benchmark, null);
            await (result switch { Task task => task, ValueTask task => task.AsTask(), _ => Task.CompletedTask }).WaitAsync(TimeSpan.FromSeconds(30));
        }
    }
}
