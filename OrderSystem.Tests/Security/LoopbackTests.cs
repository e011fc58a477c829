using System.Net;
using System.Net.Sockets;
using OrderSystem.Tests.EndToEnd;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A local run accepts connections only from its own machine.</summary>
public sealed class LoopbackTests
{
    /// <summary>NATS, PostgreSQL, the services, and what comes with Aspire: the AppHost, its orchestrator, its dashboard.</summary>
    private static readonly string[] Programs =
    [
        "nats-server", "postgres", "OrderSystem.PaymentGateway", "OrderSystem.OrderApi", "OrderSystem.PaymentWorker", "OrderSystem.AppHost",
        "dcp", "Aspire.Dashboard",
    ];

    [Fact]
    public async Task Every_socket_of_a_local_run_listens_on_loopback()
    {
        var data = Directory.CreateTempSubdirectory("ordersystem-loopback-");
        try
        {
            await using var host = AppHostProcess.Start(data.FullName);
            var seen = await Eventually.GetAsync(
                "every program of the system listens", () => Task.FromResult(ListeningSockets.Of(host.Family.Members())),
                sockets => Programs.All(program => sockets.Any(socket => socket.Program.Contains(program, StringComparison.Ordinal))),
                AppHostProcess.Timeout);
            foreach (var socket in seen.OrderBy(socket => socket.Port))
                TestContext.Current.TestOutputHelper?.WriteLine($"{socket}");
            Assert.All(seen, socket => Assert.True(IPAddress.IsLoopback(socket.Address), $"{socket} can be reached from outside"));
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_scan_finds_a_socket_that_listens_on_all_interfaces()
    {
        using var everywhere = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        everywhere.Bind(new IPEndPoint(IPAddress.Any, 0));
        everywhere.Listen();
        var port = ((IPEndPoint)everywhere.LocalEndPoint!).Port;

        var seen = Assert.Single(
            ListeningSockets.Of(ProcessFamily.WithDescendants([Environment.ProcessId])),
            socket => socket.ProcessId == Environment.ProcessId && socket.Port == port);

        Assert.Equal(IPAddress.Any, seen.Address);
    }
}
