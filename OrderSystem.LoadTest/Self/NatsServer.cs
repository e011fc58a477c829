using System.Globalization;
using System.Text.Json;

namespace OrderSystem.LoadTest.Self;

/// <summary>A nats-server of its own with JetStream on the same disk as PostgreSQL.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Child server;

    private NatsServer(Child server, string url) => (this.server, Url) = (server, url);

    internal string Url { get; }

    internal int ProcessId => server.Id;

    internal static async Task<NatsServer> StartAsync(string parent, TimeProvider time, CancellationToken cancellationToken)
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
            """,
            cancellationToken);
        var process = Child.Start([Folders.NatsServer, "-c", configuration]);

        // The server picks the port and writes it down: nothing can take it in between.
        var ports = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"nats-server_{process.Id}.ports"));
        for (var started = time.GetTimestamp(); !File.Exists(ports) || new FileInfo(ports).Length == 0; await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken))
        {
            if (process.Exited.IsCompleted || time.GetElapsedTime(started) > Patience)
                throw new LoadTestException($"nats-server did not start: {process.Output}");
        }

        using var written = JsonDocument.Parse(await File.ReadAllTextAsync(ports, cancellationToken));
        return new(process, written.RootElement.GetProperty("nats")[0].GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync();
        await server.DisposeAsync();
    }
}
