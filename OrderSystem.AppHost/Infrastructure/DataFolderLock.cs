using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>
/// One AppHost at a time works on a data folder. The operating system holds the lock for as long as this process keeps the file open, so that a crash leaves none behind.
/// </summary>
internal sealed class DataFolderLock : IHostedService, IDisposable
{
    private readonly FileStream file;

    private DataFolderLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock until the application is disposed.</summary>
    /// <exception cref="InfrastructureException">Another AppHost has it.</exception>
    internal static void Take(IDistributedApplicationBuilder builder)
    {
        var folder = Directory.CreateDirectory(builder.DataFolder()).FullName;
        try
        {
            var held = new DataFolderLock(new FileStream(Path.Combine(folder, "apphost.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            builder.Services.AddHostedService(_ => held);
        }
        catch (IOException)
        {
            throw new InfrastructureException($"another AppHost uses {folder}. Stop it, or give this one a folder of its own with Infrastructure:Data.");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => file.Dispose();
}
