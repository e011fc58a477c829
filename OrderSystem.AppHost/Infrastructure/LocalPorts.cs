using System.Net;
using System.Net.Sockets;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Picks loopback ports: the usual one where it is free, so that tools find the server, else any.</summary>
internal sealed class LocalPorts(bool random)
{
    internal int Take(int usual) => !random && TryBind(usual) is { } free ? free : TryBind(0)!.Value;

    private static int? TryBind(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
