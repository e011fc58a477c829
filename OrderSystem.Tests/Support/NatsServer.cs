namespace OrderSystem.Tests.Support;

/// <summary>A nats-server with JetStream and the system's users, which can be killed, frozen and restarted on the same port.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private readonly string folder;
    private readonly NatsProcess process;

    private NatsServer(string folder, string further, string users)
    {
        this.folder = folder;
        process = new(
            folder,
            $$"""
            jetstream { store_dir: "{{Store}}", max_file_store: 4G }
            {{users}}
            {{further}}
            """);
    }

    /// <summary>For the test itself, with all permissions.</summary>
    internal string Url => UrlOf("tests");

    internal int Port => process.Port;

    /// <summary>The server's process id; it changes with <see cref="StartAgainAsync"/>.</summary>
    internal int ProcessId => process.ProcessId;

    internal string Store => Path.Combine(folder, "store");

    /// <summary>As one of the users, through a proxy's port if one is given.</summary>
    internal string UrlOf(string user, int? viaPort = null) => $"nats://{user}:{NatsUsers.PasswordOf(user)}@127.0.0.1:{viaPort ?? Port}";

    /// <param name="further">More of its configuration.</param>
    /// <param name="hasUsers">False if that configuration defines the users.</param>
    internal static async Task<NatsServer> StartAsync(string further = "", bool hasUsers = true)
    {
        var folder = Directory.CreateTempSubdirectory("ordersystem-nats-").FullName;
        await NatsUsers.WriteAsync(folder);
        var server = new NatsServer(folder, further, hasUsers ? $"include {NatsUsers.File}" : "");
        await server.StartAgainAsync();
        return server;
    }

    internal Task StartAgainAsync() => process.StartAsync();

    internal Task SignalAsync(string signal) => process.SignalAsync(signal);

    /// <summary>Changes a user's password while the server runs.</summary>
    internal async Task ChangePasswordAsync(string user, string password)
    {
        await NatsUsers.WritePasswordsAsync(folder, one => one == user ? password : NatsUsers.PasswordOf(one));
        await SignalAsync("HUP");
    }

    internal Task KillAsync() => process.KillAsync();

    /// <summary>Shuts it down after clients and leaders have moved to the other servers of its cluster: half a minute.</summary>
    internal Task RetireAsync() => process.StopAsync("USR2");

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
