namespace OrderSystem.Tests.Support;

/// <summary>A copy of the store of a nats-server, to restore it as it was. The server is killed and started again for both.</summary>
internal sealed class StoreCopy : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordersystem-store-");
    private readonly NatsServer server;

    private StoreCopy(NatsServer server) => this.server = server;

    internal static async Task<StoreCopy> TakeAsync(NatsServer server)
    {
        var copy = new StoreCopy(server);
        await server.KillAsync();
        Copy(server.Store, copy.folder.FullName);
        await server.StartAgainAsync();
        return copy;
    }

    internal async Task RestoreAsync()
    {
        await server.KillAsync();
        Directory.Delete(server.Store, recursive: true);
        Copy(folder.FullName, server.Store);
        await server.StartAgainAsync();
    }

    public ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var path in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, path)));
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(path, Path.Combine(to, Path.GetRelativePath(from, path)));
    }
}
