namespace NATS.Client.Core;

/// <summary>The servers that were configured, and those that they told about.</summary>
internal sealed class ServerPool
{
    private readonly Lock _gate = new();
    private readonly List<ServerUrl> _servers;
    private int _next;

    public ServerPool(NatsOpts opts)
    {
        _servers = [.. opts.Url.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ServerUrl.Parse)];
        if (_servers.Count == 0)
            throw new NatsException("No server URL is configured");
        if (!opts.NoRandomize)
            Random.Shared.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_servers));
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _servers.Count;
        }
    }

    /// <summary>The next one, round and round.</summary>
    public ServerUrl Next()
    {
        lock (_gate)
            return _servers[_next++ % _servers.Count];
    }

    public void AddGossip(string[]? addresses, ServerUrl origin)
    {
        if (addresses is null)
            return;

        lock (_gate)
        {
            foreach (var address in addresses)
            {
                var server = ServerUrl.FromGossip(address, origin);
                if (server is not null && !_servers.Exists(known => known.Host == server.Host && known.Port == server.Port))
                    _servers.Add(server);
            }
        }
    }

    public override string ToString()
    {
        lock (_gate)
            return string.Join(',', _servers);
    }
}
