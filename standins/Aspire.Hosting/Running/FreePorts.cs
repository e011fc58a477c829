using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Running;

/// <summary>Hands out ports on loopback that nobody listens on, each only once in this process.</summary>
internal static class FreePorts
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
                if (Given.Add(port))
                    return port;
            }
        }
    }

    /// <exception cref="DistributedApplicationException">Somebody listens on the port of the address already.</exception>
    public static void Check(Uri address)
    {
        if (!IsFree(address.Port))
            throw new DistributedApplicationException($"The dashboard cannot listen on port {address.Port}: another program does. Stop that (see 'ss -ltnp'), or change the port in the AppHost's launch profile.");
    }

    public static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
