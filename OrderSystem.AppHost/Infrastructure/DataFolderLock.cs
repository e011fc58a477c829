using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>
/// One AppHost at a time uses a data folder. The operating system releases the lock when this process ends, even by a crash.
/// </summary>
internal sealed class DataFolderLock : IHostedService, IDisposable
{
    private readonly FileStream file;

    private DataFolderLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock until the application is disposed.</summary>
    /// <exception cref="InfrastructureException">Another AppHost holds it.</exception>
    internal static void Take(IDistributedApplicationBuilder builder)
    {
        var folder = Directory.CreateDirectory(builder.DataFolder()).FullName;
        try
        {
            var path = Path.Combine(folder, "apphost.lock");
            var held = new DataFolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            builder.Services.AddHostedService(_ => held);
        }
        catch (IOException)
        {
            throw new InfrastructureException(
                $"another AppHost uses {folder}. Stop it, or give this one a folder of its own with Infrastructure:Data.");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => file.Dispose();
}
