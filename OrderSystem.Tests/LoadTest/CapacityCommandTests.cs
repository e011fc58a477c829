using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The command <c>capacity</c> as a user starts it.</summary>
public sealed class CapacityCommandTests
{
    [Fact]
    public async Task It_prints_instances_servers_and_the_first_limit_from_the_demands_that_come_with_it()
    {
        var (exitCode, output) = await RunAsync("--orders-per-second", "50000", "--provider-latency", "200ms");

        Assert.True(exitCode == 0, output);
        Assert.Contains("50,000 orders/s, provider 200 ms", output, StringComparison.Ordinal);
        Assert.Contains("demands: measured.json, 2026-", output, StringComparison.Ordinal);
        Assert.Contains("order-api, 2 cores", output, StringComparison.Ordinal);
        Assert.Matches("provider: concurrent calls, rate × latency +10,000\n", output);
        Assert.Contains("first limit: nats-server", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_without_the_demands_is_refused_with_the_command_that_measures_them()
    {
        var report = Path.Combine(Solution.Root, "OrderSystem.Tests", "LoadTest", "Reports", "20261201-030211.json");

        var (exitCode, output) = await RunAsync("--orders-per-second", "100", "--report", report);

        Assert.Equal(2, exitCode);
        Assert.Contains("20261201-030211.json has no ", output, StringComparison.Ordinal);
        Assert.Contains("--self --nats-sync", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--provider-latency must be a time such as 200ms", "--orders-per-second", "100", "--provider-latency", "soon")]
    [InlineData("--orders-per-second must be greater than 0", "--orders-per-second", "0")]
    [InlineData("--replicas must be 1, 3 or 5", "--orders-per-second", "100", "--replicas", "2")]
    [InlineData("--orders-per-second", "--replicas", "3")]
    public async Task An_option_out_of_range_is_refused_with_its_name(string expected, params string[] options)
    {
        var (exitCode, output) = await RunAsync(options);

        Assert.Equal(2, exitCode);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output)> RunAsync(params string[] options) =>
        ServiceProcess.RunAsync("OrderSystem.LoadTest", new Dictionary<string, string>(), ["capacity", .. options]);
}
