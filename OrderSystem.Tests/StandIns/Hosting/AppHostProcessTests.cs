using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class AppHostProcessTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("apphost-").FullName;

    private string LogFile => Path.Combine(_directory, "log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_console_has_a_line_for_each_change_of_each_resource()
    {
        await using var host = AppHostProcess.Start();
        await host.PrintsAsync("web 2/2     Healthy  http://localhost:");
        await host.SignalAsync("TERM");
        await host.EndsAsync();

        var lines = host.Lines;
        Assert.Contains("migrations  Running", lines);
        Assert.Contains("migrations  Finished  with exit code 0", lines);
        Assert.Contains("web 1/2     Waiting  for migrations", lines);
        Assert.Contains("web 1/2     Stopping", lines);
        Assert.Contains("No dashboard: it is not in .tools/dashboard, and ASPIRE_DASHBOARD_PATH names none.", lines);
        Assert.Equal(0, host.ExitCode);
    }

    [Fact]
    public async Task A_failed_step_is_shown_with_its_exit_code_its_last_words_and_its_consequences()
    {
        await using var host = AppHostProcess.Start("--Sample:ExitCode", "3");
        await host.PrintsAsync("web 1/2     FailedToStart");

        Assert.Contains("migrations  Finished  with exit code 3", host.Lines);
        Assert.Contains("            | ending with 3", host.Lines);
        Assert.Contains("web 1/2     FailedToStart  migrations ended with exit code 3, not 0", host.Lines);
    }

    [Fact]
    public async Task Missing_values_are_a_line_each_and_a_failing_exit_code()
    {
        await using var host = AppHostProcess.Start("--Sample", "incomplete");
        await host.EndsAsync();

        Assert.Equal(
            ["The parameter 'api-key' has no value: set Parameters__api-key.", "The connection string 'warehouse' is missing: set ConnectionStrings__warehouse."],
            host.Lines);
        Assert.Equal(1, host.ExitCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line_and_a_failing_exit_code()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var host = AppHostProcess.Start("--Sample:Port", $"{port}", "--DcpPublisher:RandomizePorts", "false");
        await host.EndsAsync();

        Assert.StartsWith($"web cannot listen on port {port}: another program does. Stop that", Assert.Single(host.Lines), StringComparison.Ordinal);
        Assert.Equal(1, host.ExitCode);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_stops_the_users_of_a_server_before_it_and_ends_with_0(string signal)
    {
        await using var host = AppHostProcess.Start("--Sample", "servers", "--Sample:Log", LogFile);
        await AllAreUpAsync();

        await host.SignalAsync(signal);
        await host.EndsAsync();

        Assert.Equal(0, host.ExitCode);
        Assert.Equal(["client", "server"], await File.ReadAllLinesAsync(LogFile));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task Killing_the_apphost_leaves_no_process_behind()
    {
        await using var host = AppHostProcess.Start("--Sample", "servers", "--Sample:Log", LogFile);
        await AllAreUpAsync();

        host.Kill();

        await NothingIsLeftAsync();
        Assert.Equal(["client", "server"], (await File.ReadAllLinesAsync(LogFile)).Order());
    }

    [Fact]
    public async Task Killing_the_apphost_while_it_starts_leaves_no_process_behind()
    {
        for (var delay = 100; delay <= 700; delay += 200)
        {
            await using var host = AppHostProcess.Start("--Sample", "servers", "--Sample:Log", LogFile);
            await Task.Delay(TimeSpan.FromMilliseconds(delay), TimeProvider.System, TestContext.Current.CancellationToken);
            host.Kill();
        }

        await NothingIsLeftAsync();
    }

    private Task AllAreUpAsync() => Eventually.BeTrueAsync(
        "all programs have set their traps",
        () => Task.FromResult(new[] { "server", "client", "family" }.All(name => File.Exists($"{LogFile}.{name}"))),
        SampleWeb.Patience);

    // The path of the log is part of the scripts, and of nothing else that runs on this machine.
    private Task NothingIsLeftAsync() => Eventually.GetAsync(
        "no process is left",
        async () =>
        {
            using var ps = Process.Start(new ProcessStartInfo("ps", ["-eo", "stat,pid,sid,args"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
            var output = await ps.StandardOutput.ReadToEndAsync();
            await ps.WaitForExitAsync();
            return output.Split('\n').Where(line => line.Contains(LogFile, StringComparison.Ordinal) && !line.StartsWith('Z')).ToArray();
        },
        left => left.Length == 0,
        TimeSpan.FromSeconds(10));
}
