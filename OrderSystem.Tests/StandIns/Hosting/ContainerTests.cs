using System.ComponentModel;
using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class ContainerTests
{
    [Fact]
    public async Task Without_a_container_runtime_a_container_fails_to_start_and_says_what_to_do()
    {
        if (await AnswersAsync("docker") || await AnswersAsync("podman"))
            Assert.Skip("A container runtime answers here.");
        await using var builder = SampleWeb.NewBuilder();
        builder.AddContainer("cache", "cache").WithEndpoint(targetPort: 6379, name: "tcp");
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("cache", KnownResourceStates.FailedToStart);

        Assert.Contains("no container runtime answers: start Docker or Podman, or use servers that run without containers", await app.LogAsync("cache"));
    }

    [Fact]
    public async Task NATS_and_PostgreSQL_run_as_containers_and_have_their_databases()
    {
        if (!await AnswersAsync("docker") && !await AnswersAsync("podman"))
            Assert.Skip("No container runtime answers here.");
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
