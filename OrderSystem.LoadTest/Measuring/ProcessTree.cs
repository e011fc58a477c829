using System.Globalization;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>The CPU and memory of a process with its descendants, such as PostgreSQL with its backends, from /proc.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Id">Its process id.</param>
/// <param name="IsAlone">Excludes the descendants: those of this program are the measured system.</param>
internal sealed record ProcessTree(string Name, int Id, bool IsAlone = false)
{
    /// <summary>The address of its Prometheus metrics, or null.</summary>
    internal Uri? Metrics { get; init; }

    /// <summary>USER_HZ, which is 100 whatever the kernel's own tick is.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>CPU seconds since the start of each process. A descendant that ended counts in the parent that waited for it.</summary>
    internal double CpuSeconds() => Members().Sum(id => CpuSeconds(id, IsAlone ? 11..13 : 11..15));

    /// <summary>CPU seconds of the children of this program that have ended.</summary>
    internal static double CpuSecondsOfEndedChildren() => CpuSeconds(Environment.ProcessId, 13..15);

    private static double CpuSeconds(int id, Range times)
    {
        // 14 utime, 15 stime, 16 cutime, 17 cstime, counted from 1; the name in the second field may contain spaces.
        var stat = Read($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 15 ? 0 : fields[times].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Megabytes: the resident set of the process, and the private memory of its descendants.</summary>
    internal double MemoryMegabytes() => Members().Sum(id => Field(Read($"/proc/{id}/status"), id == Id ? "VmRSS:" : "RssAnon:")) / 1024.0;

    private List<int> Members()
    {
        var members = new List<int> { Id };
        for (var i = 0; i < members.Count && !IsAlone; i++)
        {
            var children = Read($"/proc/{members[i]}/task/{members[i]}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            members.AddRange(children.Select(child => int.Parse(child, CultureInfo.InvariantCulture)));
        }

        return members;
    }

    private static long Field(string status, string name)
    {
        var at = status.IndexOf(name, StringComparison.Ordinal);
        return at < 0 ? 0 : long.Parse(status[(at + name.Length)..].TrimStart().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Empty for a process that has ended meanwhile.</summary>
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
