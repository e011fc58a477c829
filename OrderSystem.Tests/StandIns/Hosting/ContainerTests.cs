using System.ComponentModel;
using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class ContainerTests
{
    /// <summary>Each machine shows the half that it can: nothing is passed over.</summary>
    [Fact]
    public async Task Servers_run_as_containers_where_a_runtime_answers_and_say_what_to_do_where_none_does()
    {
        if (await AnswersAsync("docker") || await AnswersAsync("podman"))
            await RunServersAsync();
        else
            await FailWithoutRuntimeAsync();
    }

    private static async Task FailWithoutRuntimeAsync()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddContainer("cache", "cache").WithEndpoint(targetPort: 6379, name: "tcp");
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("cache", KnownResourceStates.FailedToStart);

        Assert.Contains("no container runtime answers: start Docker or Podman, or use servers that run without containers", await app.LogAsync("cache"));
    }

    private static async Task RunServersAsync()
    {
        await using var builder = SampleWeb.NewBuilder();
        var nats = builder.AddNats("nats").WithJetStream();
        var orders = builder.AddPostgres("postgres").AddDatabase("orders");
        builder.AddScript("client", "sleep 1000").WithReference(nats).WaitFor(nats).WaitFor(orders);
        await using var app = await builder.StartAsync();

        await app.ResourceNotifications.WaitForResourceAsync("client", KnownResourceStates.Running).WaitAsync(TimeSpan.FromMinutes(5), TimeProvider.System);

        await using var connection = new Npgsql.NpgsqlConnection(await app.GetConnectionStringAsync("orders"));
        await connection.OpenAsync();
        Assert.StartsWith("nats://nats:", await app.GetConnectionStringAsync("nats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_supported_says_so()
    {
        await using var builder = SampleWeb.NewBuilder();
        var container = builder.AddContainer("cache", "cache", "7");
        Assert.Throws<NotSupportedException>(() => container.WithLifetime(ContainerLifetime.Persistent));
        Assert.Throws<NotSupportedException>(builder.Build);
    }

    private static async Task<bool> AnswersAsync(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["info"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
