using OrderSystem.LoadTest.Measuring;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The program as a user starts it.</summary>
public sealed class CommandTests(SharedSystem shared) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordersystem-load-command-");

    [Fact]
    public async Task A_run_against_a_url_prints_its_figures_and_writes_its_report()
    {
        // A system of its own: the run ends with an audit, and other tests store orders in the shared one that no request has placed.
        await using var system = await RunningSystem.StartAsync();
        var (exitCode, output) = await RunAsync(system, Tokens.Everything, "--rate", "20");

        Assert.True(exitCode == 0, output);
        Assert.Contains("open", output, StringComparison.Ordinal);
        Assert.Contains("audit:", output, StringComparison.Ordinal);
        Assert.Single(folder.GetFiles("*.json"));
    }

    [Fact]
    public async Task Without_a_token_it_says_which_variable_to_set()
    {
        var (exitCode, output) = await RunAsync(await shared.StartedAsync(), token: "");

        Assert.Equal(2, exitCode);
        Assert.Contains("HTTP 401", output, StringComparison.Ordinal);
        Assert.Contains("ORDERSYSTEM_TOKEN", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sink_counts_the_spans_that_a_service_exports_to_it()
    {
        await using var sink = await OtlpSink.StartAsync(CancellationToken.None);
        await using var gateway = await ServiceProcess.StartAsync("OrderSystem.PaymentGateway", new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["Ledger__Path"] = Path.Combine(folder.FullName, "ledger.ndjson"),
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.Endpoint,
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        });
        using var http = new HttpClient { BaseAddress = gateway.Address };
        for (var i = 0; i < 7; i++)
            (await http.GetAsync(new Uri("/charges?orderId=none", UriKind.Relative))).Dispose();

        await Eventually.GetAsync("seven spans have arrived", () => Task.FromResult(sink.Spans), spans => spans == 7);
        Assert.InRange(sink.Bytes, 7 * 100, 1_000_000);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private async Task<(int ExitCode, string Output)> RunAsync(RunningSystem system, string token, params string[] options) =>
        await ServiceProcess.RunAsync(
            "OrderSystem.LoadTest",
            new Dictionary<string, string> { ["ORDERSYSTEM_TOKEN"] = token },
            [
                "--url", system.OrderApi.Address.ToString(), "--seconds", "1", "--warm-up", "0", "--connections", "2", "--settle", "60",
                "--output", folder.FullName, .. options,
            ]);
}
