using System.Diagnostics;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A disk for PostgreSQL that can be full. Where this process may mount, it is a small file system that both databases live on; elsewhere
/// the table of orders refuses rows with the error that a full disk gives.
/// </summary>
internal sealed class FaultDisk : IAsyncDisposable
{
    private const string Refuse =
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
        """;

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"ordersystem-disk-{Guid.NewGuid():N}"[..30]);
    private bool isMounted;

    private string Filler => Path.Combine(folder, "filler");

    internal static async Task<FaultDisk> MakeAsync()
    {
        var disk = new FaultDisk();
        Directory.CreateDirectory(disk.folder);
        if (Environment.IsPrivilegedProcess)
        {
            using var mount = Process.Start("mount", ["-t", "tmpfs", "-o", "size=64m,mode=0777", "tmpfs", disk.folder]);
            await mount.WaitForExitAsync();
            disk.isMounted = mount.ExitCode == 0;
        }

        return disk;
    }

    /// <summary>Lets the databases of the system, which do not exist yet, live on this disk.</summary>
    internal async Task PutAsync(PostgresServer postgres)
    {
        if (!isMounted)
            return;
        var data = Path.Combine(folder, "data");
        await PostgresAccount.MakeDirectoryAsync(data);
        await postgres.ExecuteAsync($"CREATE TABLESPACE small LOCATION '{data}'");
        foreach (var database in new[] { "orders", "payments" })
            await postgres.ExecuteAsync($"CREATE DATABASE {database} TABLESPACE small");
    }

    internal async Task FillAsync(FaultSystem system)
    {
        if (!isMounted)
        {
            await Sql.ExecuteAsync(system.OrdersDatabase, Refuse);
            return;
        }

        await using var filler = File.Create(Filler);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                await filler.WriteAsync(block);
                await filler.FlushAsync();
            }
        }
        catch (IOException)
        {
            // No space left on device.
        }
    }

    internal async Task MakeRoomAsync(FaultSystem system)
    {
        if (isMounted)
            File.Delete(Filler);
        else
            await Sql.ExecuteAsync(system.OrdersDatabase, "DROP TRIGGER full_disk ON orders");
    }

    public async ValueTask DisposeAsync()
    {
        if (isMounted)
        {
            using var unmount = Process.Start("umount", [folder]);
            await unmount.WaitForExitAsync();
        }

        Directory.Delete(folder, recursive: true);
    }
}
