using System.Diagnostics;
using System.Text.Json;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A nats-server with JetStream of its own and the system's users: loopback, a fresh directory, gone afterwards. It can be killed, frozen and
/// started again on the same port.
/// </summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ordersystem-nats-").FullName;
    private Process? process;
    private int port = -1;

    private readonly string further;
    private readonly string users;

    private NatsServer(string further, string users) => (this.further, this.users) = (further, users);

    /// <summary>For a test itself, which may do everything.</summary>
    internal string Url => UrlOf("tests");

    internal int Port => port;

    /// <summary>The server's process id; it changes with <see cref="StartAgainAsync"/>.</summary>
    internal int ProcessId { get; private set; }

    internal string Store => Path.Combine(folder, "store");

    /// <summary>As one of the users, through a proxy's port if one is given.</summary>
    internal string UrlOf(string user, int? viaPort = null) => $"nats://{user}:{NatsUsers.PasswordOf(user)}@127.0.0.1:{viaPort ?? port}";

    /// <param name="further">More of its configuration.</param>
    /// <param name="hasUsers">False where that configuration says who may connect.</param>
    internal static async Task<NatsServer> StartAsync(string further = "", bool hasUsers = true)
    {
        var server = new NatsServer(further, hasUsers ? $"include {NatsUsers.File}" : "");
        await NatsUsers.WriteAsync(server.folder);
        await server.StartAgainAsync();
        return server;
    }

    internal async Task StartAgainAsync()
    {
        var configuration = Path.Combine(folder, "nats.conf");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            listen: "127.0.0.1:{{port}}"
            jetstream { store_dir: "{{Store}}", max_file_store: 4G }
            {{users}}
            {{further}}
            ports_file_dir: "{{folder}}"
            """);
        var start = new ProcessStartInfo(Programs.NatsServer, ["-c", configuration]) { RedirectStandardError = true, RedirectStandardOutput = true };
        process = ProcessGuardian.Start(start, folder);
        ProcessId = process.Id;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        // The server picks the port itself and writes it down: nothing can take it in between.
        var ports = Path.Combine(folder, $"nats-server_{process.Id}.ports");
        var text = await Eventually.GetAsync("nats-server wrote its ports", () => File.ReadAllTextAsync(ports), text => text.Contains("://", StringComparison.Ordinal));
        port = new Uri(JsonDocument.Parse(text).RootElement.GetProperty("nats")[0].GetString()!).Port;
    }

    internal async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process!.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Gives a user another password while the server runs.</summary>
    internal async Task ChangePasswordAsync(string user, string password)
    {
        await NatsUsers.WritePasswordsAsync(folder, one => one == user ? password : NatsUsers.PasswordOf(one));
        await SignalAsync("HUP");
    }

    internal async Task KillAsync()
    {
        using var killed = process!;
        process = null;
        killed.Kill();
        await killed.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await KillAsync();
        Directory.Delete(folder, recursive: true);
    }
}
