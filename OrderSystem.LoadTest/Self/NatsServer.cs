using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace OrderSystem.LoadTest.Self;

/// <summary>A nats-server of its own with JetStream on the same disk as PostgreSQL, and with the users that production has.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Users = "users.conf";
    private static readonly string[] Variables = ["ORDER_API_PASSWORD", "PAYMENT_WORKER_PASSWORD", "PROVISIONING_PASSWORD", "OPS_PASSWORD"];

    private readonly Child server;
    private readonly string address;
    private readonly string password;

    private NatsServer(Child server, string address, string password) => (this.server, this.address, this.password) = (server, address, password);

    internal int ProcessId => server.Id;

    internal static async Task<NatsServer> StartAsync(string parent, TimeProvider time, CancellationToken cancellationToken, bool hasUsers = true)
    {
        var folder = Path.Combine(parent, "nats");
        Directory.CreateDirectory(folder);
        var configuration = Path.Combine(folder, "nats.conf");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            listen: "127.0.0.1:-1"
            jetstream { store_dir: "{{folder}}/store" }
            ports_file_dir: "{{folder}}"
            {{(hasUsers ? $"include {Users}" : "")}}
            """,
            cancellationToken);
        File.Copy(Path.Combine(Folders.Root, "deploy", "nats", Users), Path.Combine(folder, Users));
        var secret = RandomNumberGenerator.GetHexString(32, lowercase: true);
        await File.WriteAllLinesAsync(
            Path.Combine(folder, "passwords.conf"),
            Variables.Select(variable => $"{variable}: \"{secret}\""), cancellationToken);
        var process = Child.Start([Folders.NatsServer, "-c", configuration]);

        // The server picks the port and writes it down: nothing can take it in between.
        var ports = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"nats-server_{process.Id}.ports"));
        for (var started = time.GetTimestamp(); !File.Exists(ports) || new FileInfo(ports).Length == 0; await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken))
        {
            if (process.Exited.IsCompleted || time.GetElapsedTime(started) > Patience)
                throw new LoadTestException($"nats-server did not start: {process.Output}");
        }

        using var written = JsonDocument.Parse(await File.ReadAllTextAsync(ports, cancellationToken));
        return new(process, new Uri(written.RootElement.GetProperty("nats")[0].GetString()!).Authority, secret);
    }

    /// <summary>As one of its users.</summary>
    internal string UrlOf(string user) => $"nats://{user}:{password}@{address}";

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync();
        await server.DisposeAsync();
    }
}
