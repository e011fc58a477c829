using System.Globalization;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>
/// One process and all its direct and indirect child processes, read from <c>/proc</c>. The orchestrator detaches from the process that
/// started it, so the members are recognised by an environment variable that they inherit.
/// </summary>
internal sealed class ProcessFamily
{
    internal const string Variable = "ORDERSYSTEM_TEST_FAMILY";

    /// <summary>The value of the variable.</summary>
    internal string Name { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The process ids of the running members.</summary>
    internal IReadOnlySet<int> Members() =>
        WithDescendants([.. All().Where(process => Read(process, "environ").Contains($"{Variable}={Name}", StringComparison.Ordinal))]);

    /// <summary>The command lines of the running members, for the message of a failed test.</summary>
    internal string[] Describe() => [.. Members().Select(process => Read(process, "cmdline").Replace('\0', ' '))];

    /// <summary>The processes and all of their descendants that have not detached.</summary>
    internal static IReadOnlySet<int> WithDescendants(IEnumerable<int> roots)
    {
        var children = All().ToLookup(ParentOf);
        var members = new HashSet<int>();
        var waiting = new Stack<int>(roots);
        while (waiting.TryPop(out var process))
        {
            if (!members.Add(process))
                continue;
            foreach (var child in children[process])
                waiting.Push(child);
        }

        return members;
    }

    /// <summary>A file of a process; empty when the process is gone.</summary>
    internal static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{file}"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>All processes except zombies, whose command line is empty.</summary>
    private static IEnumerable<int> All() =>
        from path in Directory.GetDirectories("/proc")
        let id = int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var number) ? number : 0
        where id > 0 && Read(id, "cmdline").Length > 0
        select id;

    private static int ParentOf(int process) =>
        Read(process, "status").Split('\n').FirstOrDefault(line => line.StartsWith("PPid:", StringComparison.Ordinal)) is { } line
            ? int.Parse(line[5..], CultureInfo.InvariantCulture)
            : 0;
}
