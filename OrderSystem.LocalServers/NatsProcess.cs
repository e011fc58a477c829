using System.Text.Json;

namespace OrderSystem.LocalServers;

/// <summary>A nats-server on loopback with its own folder, which is removed when it is disposed or this process dies.</summary>
/// <param name="folder">The folder, which exists. The configuration can include files in it.</param>
/// <param name="configuration">Its configuration, except where it listens.</param>
public sealed class NatsProcess(string folder, string configuration) : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private ChildProcess? process;

    /// <summary>The server picks it at its first start.</summary>
    public int Port { get; private set; } = -1;

    /// <summary>Changes with every start.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Starts the server, after the first time on the same port, and waits until it listens.</summary>
    /// <exception cref="LocalServerException">It ended or did not listen in time.</exception>
    public async Task StartAsync()
    {
        var file = Path.Combine(folder, "nats.conf");
        await File.WriteAllTextAsync(
            file,
            $"""
            listen: "127.0.0.1:{Port}"
            ports_file_dir: "{folder}"
            {configuration}
            """);
        process = ChildProcess.Start([ServerPrograms.NatsServer, "-c", file], folder: folder);
        ProcessId = process.Id;
        Port = await ReadPortAsync(process);
    }

    public Task SignalAsync(string signal) => process!.SignalAsync(signal);

    /// <summary>Shuts the server down gracefully. Its data remains.</summary>
    /// <param name="signal">What tells it to; <c>USR2</c> (lame duck mode) first moves clients and leaders to other servers.</param>
    public async Task StopAsync(string signal = "TERM")
    {
        await process!.StopAsync(signal);
        await KillAsync();
    }

    /// <summary>Kills the server. Its data remains.</summary>
    public async Task KillAsync()
    {
        await process!.DisposeAsync();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await KillAsync();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    // The server picks the port itself and writes it to a file, so that no other program can take it in between.
    private async Task<int> ReadPortAsync(ChildProcess started)
    {
        var file = Path.Combine(folder, $"nats-server_{started.Id}.ports");
        for (var start = TimeProvider.System.GetTimestamp(); ; await Task.Delay(PollInterval, TimeProvider.System))
        {
            if (File.Exists(file) && await File.ReadAllTextAsync(file) is var text && text.Contains("://", StringComparison.Ordinal))
            {
                using var ports = JsonDocument.Parse(text);
                return new Uri(ports.RootElement.GetProperty("nats")[0].GetString()!).Port;
            }

            if (started.HasExited || TimeProvider.System.GetElapsedTime(start) > StartTimeout)
                throw new LocalServerException($"nats-server did not start:\n{started.Output}");
        }
    }
}
