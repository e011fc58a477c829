using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>The healthcheck command, with which a container without a shell probes its own service.</summary>
public sealed class HealthcheckTests(SharedSystem shared)
{
    private const string Api = "OrderSystem.OrderApi";

    [Fact]
    public async Task The_healthcheck_command_reports_the_readiness_of_the_service()
    {
        await using var api = await ServiceProcess.StartAsync(Api, (await shared.StartedAsync()).Environment());

        var (ready, answer) = await RunAsync(api.Address);
        var (unknown, refusal) = await RunAsync(api.Address, "/no-probe");
        Assert.Equal((0, 1), (ready, unknown));
        Assert.Contains("\"postgresql\":{\"status\":\"healthy\"", answer, StringComparison.Ordinal);
        Assert.Contains("/no-probe: 401", refusal, StringComparison.Ordinal);

        await api.StopAsync();
        var (stopped, reason) = await RunAsync(api.Address);
        Assert.Equal(1, stopped);
        Assert.Contains("/ready", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ASPNETCORE_URLS", "http://+:8080", "http://localhost:8080/")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:5081;https://127.0.0.1:5082", "http://127.0.0.1:5081/")]
    [InlineData("ASPNETCORE_URLS", "http://[::]:8080", "http://localhost:8080/")]
    [InlineData("ASPNETCORE_HTTP_PORTS", "8080;8081", "http://localhost:8080/")]
    [InlineData("HTTP_PORTS", "9090", "http://localhost:9090/")]
    [InlineData("UNRELATED", "1", "http://localhost:5000/")]
    public void It_probes_the_address_where_the_service_listens(string variable, string value, string expected) =>
        Assert.Equal(expected, Healthcheck.Address(name => name == variable ? value : null).ToString());

    private static Task<(int ExitCode, string Output)> RunAsync(Uri address, params string[] probe) =>
        ServiceProcess.RunAsync(Api, [new("ASPNETCORE_URLS", address.ToString())], ["healthcheck", .. probe]);
}
