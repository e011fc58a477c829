using System.Net;
using System.Net.Sockets;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>A service that cannot start says why in one line and ends with a non-zero exit code.</summary>
public sealed class StartupTests(SharedSystem shared)
{
    private const string Api = "OrderSystem.OrderApi";
    private const string Worker = "OrderSystem.PaymentWorker";

    [Fact]
    public async Task Every_missing_setting_is_named_in_one_report()
    {
        var line = await FailAsync(Worker, []);

        foreach (var name in new[] { "ConnectionStrings__nats", "ConnectionStrings__payments", "Payments__GatewayUrl" })
            Assert.Contains(name, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Relay__InFlight", "0")]
    [InlineData("Relay__InFlight", "many")]
    [InlineData("JetStream__AckWait", "soon")]
    [InlineData("GroupCommit__MaxBatch", "-1")]
    public async Task An_invalid_option_is_named(string name, string value)
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment[name] = value;

        Assert.Contains(name.Split("__")[1], await FailAsync(Api, environment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var environment = (await shared.StartedAsync()).Environment();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";

        Assert.Contains($"{port}", await FailAsync(Api, environment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unmigrated_database_is_rejected_with_the_command_that_migrates_it()
    {
        var system = await shared.StartedAsync();
        var environment = system.Environment();
        environment["ConnectionStrings__orders"] = await system.Postgres.CreateDatabaseAsync();

        Assert.Contains("migrate", await FailAsync(Api, environment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_rejects_the_login_is_named()
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment["ConnectionStrings__orders"] += ";Password=wrong";

        Assert.Contains("ConnectionStrings__orders", await FailAsync(Api, environment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrating_twice_changes_nothing()
    {
        var (exitCode, output) = await ServiceProcess.RunAsync(Api, (await shared.StartedAsync()).MigrationEnvironment(), "migrate");

        Assert.Equal(0, exitCode);
        Assert.Contains("up to date", output, StringComparison.Ordinal);
        Assert.DoesNotContain("applied", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGTERM_ends_a_service_with_exit_code_0()
    {
        var system = await shared.StartedAsync();
        await using var service = await system.StartServiceAsync(Api);

        Assert.Equal(0, await service.StopAsync());
    }

    private static async Task<string> FailAsync(string project, Dictionary<string, string> environment)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync(project, environment);

        Assert.NotEqual(0, exitCode);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        return Assert.Single(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.Contains("cannot start", StringComparison.Ordinal));
    }
}
