using System.Net;
using System.Net.Sockets;

namespace OrderSystem.Tests.Support;

/// <summary>For programs that have to be told where to listen.</summary>
internal static class Ports
{
    /// <summary>A port of the loopback interface that nobody listened on a moment ago.</summary>
    internal static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
