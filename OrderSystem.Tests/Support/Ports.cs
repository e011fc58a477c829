using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OrderSystem.Tests.Support;

/// <summary>For programs that have to be told where to listen.</summary>
internal static class Ports
{
    private static readonly ConcurrentDictionary<int, byte> Given = [];

    /// <summary>
    /// A port of the loopback interface that nobody listened on a moment ago, given once. Below those that connections leave from: one of these may be
    /// taken by a connection before its server listens.
    /// </summary>
    internal static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 32_000);
            if (IsFree(port) && Given.TryAdd(port, 0))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
