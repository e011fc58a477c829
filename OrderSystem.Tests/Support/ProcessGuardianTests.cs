using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>A killed test run leaves no process behind.</summary>
public sealed class ProcessGuardianTests
{
    [Fact]
    public async Task Processes_of_a_killed_test_run_end_with_it()
    {
        // A run of the soak test, which starts a whole system. Its files are in a folder that this test removes.
        var folder = Directory.CreateTempSubdirectory("ordersystem-killed-");
        await ChildProcess.RunAsync(["chmod", "0777", folder.FullName]);
        var start = new ProcessStartInfo("dotnet", [typeof(ProcessGuardianTests).Assembly.Location, "-noColor", "-class", "*.SoakTests"])
        {
            RedirectStandardOutput = true,
            Environment = { ["TMPDIR"] = folder.FullName, ["SOAK_MINUTES"] = "5" },
        };
        using var run = ProcessGuardian.Start(start);
        run.BeginOutputReadLine();
        var started = await Eventually.GetAsync(
            "nats-server, PostgreSQL, the provider, two APIs and three workers run", () => Task.FromResult(DescendantsOf(run.Id)),
            all => Count(all, "nats-server ") == 1 && Count(all, "postgres ") > 0 && Count(all, "PaymentGateway.dll") == 1
                && Count(all, "OrderApi.dll") == 2 && Count(all, "PaymentWorker.dll") == 3,
            TimeSpan.FromSeconds(120));

        run.Kill();
        await run.WaitForExitAsync();

        try
        {
            await Eventually.GetAsync(
                "all of them have ended", () => Task.FromResult(started.Where(IsAlive).ToArray()), left => left.Length == 0);
        }
        finally
        {
            foreach (var left in started.Where(IsAlive))
                Process.GetProcessById(left.Id).Kill();
        }

        const string Remove = """
            awk -v below="$0/" 'index($2, below) == 1 { print $2 }' /proc/mounts | xargs -r umount
            rm -rf "$0"
            """;
        await ChildProcess.RunAsync(["sh", "-c", Remove, folder.FullName]);
    }

    private static int Count(Found[] processes, string part) => processes.Count(process =>
        process.Command.Split('\0')[0] is not "sh"
        && process.Command.Replace('\0', ' ').Contains(part, StringComparison.Ordinal)
        && !process.Command.Contains("migrate", StringComparison.Ordinal));

    private static Found[] DescendantsOf(int process)
    {
        var all = Directory.GetDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
            .OfType<Found>().ToArray();
        var found = new List<Found>();
        for (var parents = new HashSet<int> { process }; parents.Count > 0;)
        {
            var children = all.Where(one => parents.Contains(one.Parent)).ToArray();
            found.AddRange(children);
            parents = [.. children.Select(child => child.Id)];
        }

        return [.. found];
    }

    /// <summary>Whether the process runs: the id may belong to a zombie or to a newer process.</summary>
    private static bool IsAlive(Found process) => Read(process.Id) is { State: not 'Z' } now && now.Started == process.Started;

    private static Found? Read(int id)
    {
        try
        {
            // pid (comm) state ppid …, the start time is the twentieth after the name
            var fields = File.ReadAllText($"/proc/{id}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var (parent, state, started) = (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[0][0], fields[19]);
            return new(id, parent, state, started, File.ReadAllText($"/proc/{id}/cmdline"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record Found(int Id, int Parent, char State, string Started, string Command);
}
