using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class StateTests
{
    [Fact]
    public async Task A_project_runs_and_is_healthy_at_its_url()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddWeb("web").WithHttpHealthCheck("/health");
        await using var app = await builder.StartAsync();

        var healthy = await app.IsHealthyAsync("web");

        Assert.Equal("Project", healthy.Snapshot.ResourceType);
        Assert.Equal(HealthStatus.Healthy, healthy.Snapshot.HealthStatus);
        Assert.NotNull(healthy.Snapshot.StartTimeStamp);
        Assert.StartsWith("http://localhost:", Assert.Single(healthy.Snapshot.Urls).Url, StringComparison.Ordinal);
        Assert.StartsWith("web-", healthy.ResourceId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waits_starts_only_when_the_step_before_it_has_completed()
    {
        await using var builder = SampleWeb.NewBuilder();
        var step = builder.AddStep("step", exitCode: 0);
        builder.AddScript("after", "sleep 1000").WaitForCompletion(step);
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("after", KnownResourceStates.Running);

        var done = app.Snapshot("step");
        Assert.Equal(KnownResourceStates.Finished, done.State?.Text);
        Assert.Equal(0, done.ExitCode);
        Assert.True(app.Snapshot("after").StartTimeStamp >= done.StopTimeStamp);
    }

    [Fact]
    public async Task A_step_that_fails_fails_what_waits_for_it_and_says_why()
    {
        await using var builder = SampleWeb.NewBuilder();
        var step = builder.AddStep("step", exitCode: 3);
        builder.AddScript("after", "sleep 1000").WaitForCompletion(step);
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("after", KnownResourceStates.FailedToStart);

        Assert.Equal(3, app.Snapshot("step").ExitCode);
        Assert.Contains("ending with 3", await app.LogAsync("step"));
        Assert.Contains("step ended with exit code 3, not 0", await app.LogAsync("after"));
    }

    [Fact]
    public async Task What_waits_for_health_starts_when_the_health_check_says_so()
    {
        var isUp = false;
        await using var builder = SampleWeb.NewBuilder();
        builder.Services.AddHealthChecks().AddCheck("switch", () => isUp ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("switched off"));
        var server = builder.AddScript("server", "sleep 1000").WithHealthCheck("switch");
        builder.AddScript("client", "sleep 1000").WaitFor(server);
        await using var app = await builder.StartAsync();

        var unhealthy = await app.ResourceNotifications.WaitForResourceAsync("server", e => e.Snapshot.HealthReports.Any(r => r.Status is not null));
        Assert.Equal("switched off", unhealthy.Snapshot.HealthReports[0].Description);
        Assert.Equal(HealthStatus.Unhealthy, unhealthy.Snapshot.HealthStatus);
        Assert.Equal(KnownResourceStates.Waiting, app.Snapshot("client").State?.Text);

        isUp = true;
        await app.ReachesAsync("client", KnownResourceStates.Running);
    }

    [Fact]
    public async Task A_program_that_does_not_exist_fails_to_start_and_takes_with_it_what_waits_for_it()
    {
        await using var builder = SampleWeb.NewBuilder();
        var missing = builder.AddExecutable("missing", "no-such-program", ".");
        builder.AddScript("after", "sleep 1000").WaitFor(missing);
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("after", KnownResourceStates.FailedToStart);

        Assert.Contains("the program no-such-program was not found", await app.LogAsync("missing"));
        Assert.Contains("missing is FailedToStart", await app.LogAsync("after"));
    }

    [Fact]
    public async Task With_the_other_behaviour_it_goes_on_waiting()
    {
        await using var builder = SampleWeb.NewBuilder();
        var missing = builder.AddExecutable("missing", "no-such-program", ".");
        builder.AddScript("after", "sleep 1000").WaitFor(missing, WaitBehavior.WaitOnResourceUnavailable);
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("missing", KnownResourceStates.FailedToStart);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        Assert.Equal(KnownResourceStates.Waiting, app.Snapshot("after").State?.Text);
        await app.StopAsync();
    }

    [Fact]
    public async Task A_callback_that_throws_is_the_failure_of_its_resource_alone()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddScript("broken", "sleep 1000").WithEnvironment(_ => throw new InvalidOperationException("no idea"));
        builder.AddScript("sound", "sleep 1000");
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("broken", KnownResourceStates.FailedToStart);
        await app.ReachesAsync("sound", KnownResourceStates.Running);
        Assert.Contains("no idea", await app.LogAsync("broken"));
    }

    [Fact]
    public async Task What_a_program_prints_is_its_log_by_line_and_stream()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddScript("talker", "echo one; echo two >&2; sleep 1000");
        await using var app = await builder.StartAsync();
        await app.LogsAsync("talker", "two");

        var loggers = app.Services.GetRequiredService<ResourceLoggerService>();
        var talker = app.Services.GetRequiredService<DistributedApplicationModel>().Resources.Single();
        await foreach (var lines in loggers.WatchAsync(talker))
        {
            Assert.False(lines.Single(l => l.Content.EndsWith(" one", StringComparison.Ordinal)).IsErrorMessage);
            Assert.True(lines.Single(l => l.Content.EndsWith(" two", StringComparison.Ordinal)).IsErrorMessage);
            break;
        }
    }

    [Fact]
    public async Task Stopping_asks_the_users_of_a_server_first_and_leaves_nothing_running()
    {
        var log = Path.GetTempFileName();
        await using var builder = SampleWeb.NewBuilder();
        var server = builder.AddScript("server", $"trap 'echo server >> {log}; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        builder.AddScript("client", $"trap 'sleep 0.3; echo client >> {log}; exit 0' TERM; echo up; while :; do sleep 0.05; done").WaitFor(server);
        await using var app = await builder.StartAsync();
        await app.LogsAsync("server", "up");
        await app.LogsAsync("client", "up");

        await app.StopAsync();

        Assert.Equal(["client", "server"], await File.ReadAllLinesAsync(log));
        Assert.Equal(KnownResourceStates.Finished, app.Snapshot("server").State?.Text);
        File.Delete(log);
    }
}
