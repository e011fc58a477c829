using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Picks loopback ports: the usual one where it is free, so that tools find the server, else any.</summary>
internal sealed class LocalPorts(bool random)
{
    /// <summary>Below the ports that connections leave from (32768 and above): one of those may be taken by a connection before its server listens.</summary>
    private const int Lowest = 20_000;
    private const int Highest = 32_000;
    private const int MostAttempts = 1_000;
    private readonly HashSet<int> taken = [];

    internal int Take(int usual)
    {
        if (!random && TryTake(usual))
            return usual;
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, Highest);
            if (TryTake(port))
                return port;
        }

        throw new DistributedApplicationException($"No port between {Lowest} and {Highest} of the loopback interface is free. End some of what listens there.");
    }

    private bool TryTake(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return taken.Add(port);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
