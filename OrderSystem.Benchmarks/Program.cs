using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using OrderSystem.Benchmarks;

// In the process: a generated project would be restored and built by rules that are not this solution's.
BenchmarkSwitcher.FromAssembly(typeof(OrderBenchmarks).Assembly).Run(
    args,
    DefaultConfig.Instance
        .AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance))
        .WithArtifactsPath("artifacts/benchmarks"));
