using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>A test run that is killed leaves nothing running.</summary>
public sealed class ProcessGuardianTests
{
    [Fact]
    public async Task Processes_started_by_a_killed_test_run_end_with_it()
    {
        // Another run of these tests, whose soak starts a whole system. TMPDIR is a folder that this test removes.
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
            all => HowMany(all, "nats-server ") == 1 && HowMany(all, "postgres ") > 0 && HowMany(all, "PaymentGateway.dll") == 1 && HowMany(all, "OrderApi.dll") == 2
                && HowMany(all, "PaymentWorker.dll") == 3,
            TimeSpan.FromSeconds(120));

        run.Kill();
        await run.WaitForExitAsync();

        try
        {
            await Eventually.GetAsync("all of them have ended", () => Task.FromResult(started.Where(IsAlive).ToArray()), left => left.Length == 0);
        }
        finally
        {
            foreach (var left in started.Where(IsAlive))
                Process.GetProcessById(left.Id).Kill();
        }

        await ChildProcess.RunAsync(["sh", "-c", "awk -v below=\"$0/\" 'index($2, below) == 1 { print $2 }' /proc/mounts | xargs -r umount; rm -rf \"$0\"", folder.FullName]);
    }

    private static int HowMany(Found[] processes, string part) =>
        processes.Count(one => one.Command.Split('\0')[0] is not "sh" && one.Command.Replace('\0', ' ').Contains(part, StringComparison.Ordinal) && !one.Command.Contains("migrate", StringComparison.Ordinal));

    private static Found[] DescendantsOf(int process)
    {
        var all = Directory.GetDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null).OfType<Found>().ToArray();
        var found = new List<Found>();
        for (var parents = new HashSet<int> { process }; parents.Count > 0;)
        {
            var children = all.Where(one => parents.Contains(one.Parent)).ToArray();
            found.AddRange(children);
            parents = [.. children.Select(child => child.Id)];
        }

        return [.. found];
    }

    /// <summary>The same process, and neither a zombie nor another process that has reused its id.</summary>
    private static bool IsAlive(Found process) => Read(process.Id) is { State: not 'Z' } now && now.Started == process.Started;

    private static Found? Read(int id)
    {
        try
        {
            // pid (comm) state ppid …, the start time is the twentieth after the name
            var fields = File.ReadAllText($"/proc/{id}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new(id, int.Parse(fields[1], CultureInfo.InvariantCulture), fields[0][0], fields[19], File.ReadAllText($"/proc/{id}/cmdline"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record Found(int Id, int Parent, char State, string Started, string Command);
}
