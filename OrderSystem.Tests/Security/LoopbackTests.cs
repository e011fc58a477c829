using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A local run is for the machine that it runs on: nothing of it can be reached from outside.</summary>
public sealed class LoopbackTests
{
    /// <summary>NATS, PostgreSQL, the provider, the order API and the worker, and what the AppHost itself listens on.</summary>
    private static readonly string[] Programs = ["nats-server", "postgres", "OrderSystem.PaymentGateway", "OrderSystem.OrderApi", "OrderSystem.PaymentWorker"];

    [Fact]
    public async Task Every_socket_of_a_local_run_listens_on_loopback()
    {
        var data = Directory.CreateTempSubdirectory("ordersystem-loopback-");
        using var host = Start(data.FullName);
        try
        {
            var seen = await Eventually.GetAsync(
                "the whole system listens", () => Task.FromResult(ListeningSockets.OfTree(host.Id)),
                sockets => Programs.All(program => sockets.Any(socket => socket.Program.Contains(program, StringComparison.Ordinal))), TimeSpan.FromMinutes(3));
            foreach (var socket in seen.OrderBy(socket => socket.Port))
                TestContext.Current.TestOutputHelper?.WriteLine($"{socket}");
            Assert.All(seen, socket => Assert.True(IPAddress.IsLoopback(socket.Address), $"{socket} can be reached from outside"));
        }
        finally
        {
            await StopAsync(host);
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_scan_sees_a_socket_that_can_be_reached_from_outside()
    {
        using var everywhere = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        everywhere.Bind(new IPEndPoint(IPAddress.Any, 0));
        everywhere.Listen();
        var port = ((IPEndPoint)everywhere.LocalEndPoint!).Port;

        var seen = Assert.Single(ListeningSockets.OfTree(Environment.ProcessId), socket => socket.ProcessId == Environment.ProcessId && socket.Port == port);

        Assert.Equal(IPAddress.Any, seen.Address);
    }

    private static Process Start(string data)
    {
        var start = new ProcessStartInfo("dotnet", [Solution.OutputOf("OrderSystem.AppHost"), "--Infrastructure=local", $"--Infrastructure:Data={data}", "--DcpPublisher:RandomizePorts=true"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(Solution.Root, "OrderSystem.AppHost"),
            Environment =
            {
                // As its launch profile has it, on ports of this test's own.
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
                ["ASPNETCORE_URLS"] = Free(),
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = Free(),
                ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = Free(),
            },
        };
        var process = ProcessGuardian.Start(start);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string Free() => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{Ports.Free()}");

    private static async Task StopAsync(Process host)
    {
        using var kill = Process.Start("kill", ["-TERM", host.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await host.WaitForExitAsync(deadline.Token);
    }
}
