using System.Diagnostics;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A disk for PostgreSQL that can be filled. If this process may mount, it is a small file system that holds both databases; otherwise a
/// trigger on the table of orders raises the error of a full disk.
/// </summary>
internal sealed class FaultDisk : IAsyncDisposable
{
    private const string Prefix = "ordersystem-disk-";

    private const string Refuse =
        """
        CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
        """;

    private readonly string folder = Path.Combine(
        Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}");
    private bool isMounted;

    private string Filler => Path.Combine(folder, "filler");

    /// <param name="megabytes">Its size; unused space costs nothing.</param>
    internal static async Task<FaultDisk> CreateAsync(int megabytes = 64)
    {
        var disk = new FaultDisk();
        Directory.CreateDirectory(disk.folder);
        if (Environment.IsPrivilegedProcess)
        {
            await RemoveDisksOfEndedRunsAsync();
            using var mount = Process.Start("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m,mode=0777", "tmpfs", disk.folder]);
            await mount.WaitForExitAsync();
            disk.isMounted = mount.ExitCode == 0;
        }

        return disk;
    }

    /// <summary>Creates the databases of the system on this disk. They must not exist yet.</summary>
    internal async Task CreateDatabasesAsync(PostgresServer postgres)
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
        var block = new byte[8192];
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

    internal async Task FreeSpaceAsync(FaultSystem system)
    {
        if (isMounted)
            File.Delete(Filler);
        else
            await Sql.ExecuteAsync(system.OrdersDatabase, "DROP TRIGGER full_disk ON orders");
    }

    public async ValueTask DisposeAsync()
    {
        if (isMounted)
            await RemoveAsync(folder);
        else
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>A run that was killed leaves its disk mounted. The process id in the name shows that the run has ended.</summary>
    private static async Task RemoveDisksOfEndedRunsAsync()
    {
        foreach (var left in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            if (!Directory.Exists($"/proc/{Path.GetFileName(left)[Prefix.Length..].Split('-')[0]}"))
                await RemoveAsync(left);
        }
    }

    private static async Task RemoveAsync(string disk)
    {
        using var unmount = Process.Start("umount", [disk]);
        await unmount.WaitForExitAsync();
        Directory.Delete(disk, recursive: true);
    }
}
