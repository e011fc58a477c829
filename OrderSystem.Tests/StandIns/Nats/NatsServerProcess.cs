using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A nats-server with JetStream on a port of its own, in a directory of its own. One for each test class, as class fixture.</summary>
public sealed class NatsServerProcess : IAsyncLifetime
{
    private readonly string _config;
    private Process? _process;
    private int _port = -1;

    public NatsServerProcess()
        : this(string.Empty)
    {
    }

    private NatsServerProcess(string config) => _config = config;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("nats-").FullName;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public string Url => $"nats://{Address}";

    public static async Task<NatsServerProcess> StartAsync(string config = "")
    {
        var server = new NatsServerProcess(config);
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        var configFile = Path.Combine(Directory, "nats.conf");
        await File.WriteAllTextAsync(configFile, _config);
        await StartAsync();
    }

    public async Task StartAsync()
    {
        // Port -1 lets the server choose, and say which in a file: no race for a free one. A restart takes the same again.
        var port = _port.ToString(CultureInfo.InvariantCulture);
        string[] args = ["-c", Path.Combine(Directory, "nats.conf"), "-a", "127.0.0.1", "-p", port, "-js", "-sd", Path.Combine(Directory, "js"), "--ports_file_dir", Directory];
        _process = Process.Start(new ProcessStartInfo(FindExecutable(), args) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var log = new List<string?>();
        _process.ErrorDataReceived += (_, line) => log.Add(line.Data);
        _process.BeginErrorReadLine();
        var portsFile = Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"nats-server_{_process.Id}.ports"));
        await Until.TrueAsync("nats-server wrote its ports", () => ReadPort(portsFile) || (_process.HasExited ? throw new InvalidOperationException(string.Join('\n', log)) : false));
    }

    /// <summary>As a crash would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <summary>The process keeps its sockets open and does nothing.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public Task EnterLameDuckModeAsync() => SignalAsync("USR2");

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            await KillAsync();
        _process?.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string FindExecutable()
    {
        if (Environment.GetEnvironmentVariable("NATS_SERVER") is { Length: > 0 } configured)
            return configured;

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).ToList();
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            folders.Add(Path.Combine(folder, ".tools", "nats-server", "usr", "sbin"));
        folders.Add("/usr/sbin");
        return folders.Select(folder => Path.Combine(folder, "nats-server")).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("There is no nats-server: install it, or set NATS_SERVER");
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private bool ReadPort(string portsFile)
    {
        if (!File.Exists(portsFile))
            return false;
        try
        {
            using var ports = JsonDocument.Parse(File.ReadAllText(portsFile));
            _port = new Uri(ports.RootElement.GetProperty("nats")[0].GetString()!).Port;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
