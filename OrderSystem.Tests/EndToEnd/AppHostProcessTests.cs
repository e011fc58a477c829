using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>The AppHost in a developer's terminal: its output, its exit code, and the processes that it leaves.</summary>
public sealed class AppHostProcessTests : IDisposable
{
    private const string TakesOrders = "order-api takes orders at http://localhost:";
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("ordersystem-apphost-");

    public void Dispose() => data.Delete(recursive: true);

    [Fact]
    public async Task The_console_names_servers_dashboard_and_API_without_a_warning_and_Ctrl_C_ends_everything()
    {
        await using var host = AppHostProcess.Start(data.FullName);
        await host.PrintsAsync(TakesOrders);

        Assert.Matches("^servers: nats-server [0-9.]+ and postgres [0-9.]+ as processes of this machine(;.+recommended)?$", host.Lines[0]);
        Assert.Contains(host.Lines, line => line.Contains("Login to the dashboard at http://localhost:", StringComparison.Ordinal));
        Assert.DoesNotContain(
            host.Lines, line => line.StartsWith("warn:", StringComparison.Ordinal) || line.StartsWith("fail:", StringComparison.Ordinal));

        await host.SignalAsync("INT");
        Assert.Equal(0, await host.ExitsAsync());
        await host.NoProcessIsLeftAsync();
    }

    [Fact]
    public async Task A_second_AppHost_on_the_same_data_fails_in_one_line_and_a_killed_one_leaves_nothing()
    {
        await using var first = AppHostProcess.Start(data.FullName);
        await first.PrintsAsync(TakesOrders);

        await using (var second = AppHostProcess.Start(data.FullName))
        {
            Assert.Equal(1, await second.ExitsAsync());
            Assert.StartsWith($"OrderSystem.AppHost cannot start: another AppHost uses {data.FullName}.",
                Assert.Single(second.Lines), StringComparison.Ordinal);
        }

        await first.SignalAsync("KILL");
        await first.ExitsAsync();
        await first.NoProcessIsLeftAsync();
        await using var third = AppHostProcess.Start(data.FullName);
        await third.PrintsAsync(TakesOrders);
    }

    [Fact]
    public async Task Ctrl_C_during_startup_exits_with_code_0()
    {
        await using var host = AppHostProcess.Start(data.FullName);
        await host.PrintsAsync("Distributed application starting");

        await host.SignalAsync("INT");
        Assert.Equal(0, await host.ExitsAsync());
        Assert.DoesNotContain(host.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
        await host.NoProcessIsLeftAsync();
    }

    [Fact]
    public async Task Without_a_container_runtime_and_servers_one_line_says_what_is_missing()
    {
        // For this process alone: a PATH with only .NET on it, and empty folders in the other places where nats-server is searched.
        var programs = Directory.CreateDirectory(Path.Combine(data.FullName, "programs"));
        foreach (var program in new[] { "dotnet", "env" })
            File.CreateSymbolicLink(Path.Combine(programs.FullName, program), PathOf(program));
        var hide = $"""
            for folder in '{Path.Combine(Solution.Root, ".tools/nats-server/usr/sbin")}' /usr/sbin; do
              [ ! -e "$folder/nats-server" ] || mount -t tmpfs none "$folder"
            done
            PATH='{programs.FullName}'
            exec "$@"
            """;

        await using var host = AppHostProcess.Start(
            data.FullName, "auto", ["unshare", "--map-root-user", "--mount", "sh", "-c", hide, "sh"]);

        Assert.Equal(1, await host.ExitsAsync());
        Assert.Equal(
            "OrderSystem.AppHost cannot start: nats-server was not found. "
                + "Start Docker or Podman, or get it with './run.sh' or 'apt-get install nats-server'.",
            Assert.Single(host.Lines));
    }

    private static string PathOf(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, program)).First(File.Exists);
}
