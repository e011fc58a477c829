using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace OrderSystem.LocalServers;

/// <summary>Free loopback ports, for programs that cannot pick their own.</summary>
public static class Ports
{
    /// <summary>
    /// The range is below the ephemeral ports (32768 and above): an outgoing connection could take one of those before the server listens.
    /// </summary>
    private const int Lowest = 20_000;
    private const int Highest = 32_000;
    private const int MaxAttempts = 1_000;

    private static readonly ConcurrentDictionary<int, byte> Taken = [];

    /// <summary>A free port that this process has not been given before.</summary>
    /// <param name="preferred">Returned if it is free.</param>
    /// <exception cref="LocalServerException">No free port was found.</exception>
    public static int Free(int? preferred = null)
    {
        if (preferred is { } usual && TryTake(usual))
            return usual;
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, Highest);
            if (TryTake(port))
                return port;
        }

        throw new LocalServerException(
            $"No loopback port between {Lowest} and {Highest} is free. Stop some of the programs that listen there.");
    }

    private static bool TryTake(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return Taken.TryAdd(port, 0);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
