using System.Security.Cryptography;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>A nats-server with JetStream on the same disk as PostgreSQL, and with the users of production.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private readonly NatsProcess process;
    private readonly string password;

    private NatsServer(NatsProcess process, string password) => (this.process, this.password) = (process, password);

    internal int ProcessId => process.ProcessId;

    internal static async Task<NatsServer> StartAsync(string parent, bool hasUsers = true, bool syncsAlways = false)
    {
        var folder = Directory.CreateDirectory(Path.Combine(parent, "nats")).FullName;
        var secret = RandomNumberGenerator.GetHexString(32, lowercase: true);
        File.Copy(NatsUserFiles.Source, Path.Combine(folder, NatsUserFiles.Users));
        await SecretFile.WriteAsync(Path.Combine(folder, NatsUserFiles.Passwords), NatsUserFiles.WritePasswords(_ => secret));
        var started = new NatsProcess(
            folder,
            $$"""
            jetstream { store_dir: "{{folder}}/store"{{(syncsAlways ? ", sync_interval: always" : "")}} }
            {{(hasUsers ? $"include {NatsUserFiles.Users}" : "")}}
            """);
        await started.StartAsync();
        return new(started, secret);
    }

    internal string UrlOf(string user) => $"nats://{user}:{password}@127.0.0.1:{process.Port}";

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync();
        await process.DisposeAsync();
    }
}
