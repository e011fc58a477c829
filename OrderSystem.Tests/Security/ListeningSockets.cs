using System.Globalization;
using System.Net;

namespace OrderSystem.Tests.Security;

/// <summary>A socket that somebody can connect to.</summary>
internal sealed record ListeningSocket(int ProcessId, string Program, IPAddress Address, int Port)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port} {Program} ({ProcessId})");
}

/// <summary>The listening sockets of a process and all that it started, out of <c>/proc</c>.</summary>
internal static class ListeningSockets
{
    private const string Listen = "0A";

    internal static IReadOnlyList<ListeningSocket> OfTree(int root)
    {
        var sockets = Tables().ToDictionary(socket => socket.Inode, StringComparer.Ordinal);
        return [.. Tree(root).SelectMany(process => InodesOf(process)
            .Where(sockets.ContainsKey)
            .Select(inode => new ListeningSocket(process, ProgramOf(process), sockets[inode].Address, sockets[inode].Port)))];
    }

    private static IEnumerable<(string Inode, IPAddress Address, int Port)> Tables() =>
        from file in new[] { "/proc/net/tcp", "/proc/net/tcp6" }
        where File.Exists(file)
        from line in File.ReadAllLines(file).Skip(1)
        let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where fields[3] == Listen
        let local = fields[1].Split(':')
        select (fields[9], Address(local[0]), int.Parse(local[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>Words of 32 bits in the machine's order.</summary>
    private static IPAddress Address(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var word = 0; word < bytes.Length; word += 4)
            Array.Reverse(bytes, word, 4);
        return new IPAddress(bytes);
    }

    private static HashSet<int> Tree(int root)
    {
        var children = Directory.GetDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0)
            .ToLookup(ParentOf);
        var tree = new HashSet<int>();
        var waiting = new Stack<int>([root]);
        while (waiting.TryPop(out var process))
        {
            if (!tree.Add(process))
                continue;
            foreach (var child in children[process])
                waiting.Push(child);
        }

        return tree;
    }

    private static int ParentOf(int process) =>
        Read($"/proc/{process}/status").Split('\n').FirstOrDefault(line => line.StartsWith("PPid:", StringComparison.Ordinal)) is { } line ? int.Parse(line[5..], CultureInfo.InvariantCulture) : 0;

    private static string ProgramOf(int process) => string.Join(' ', Read($"/proc/{process}/cmdline").Split('\0').Take(2).Select(Path.GetFileName));

    private static IEnumerable<string> InodesOf(int process)
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos()
                .Select(entry => entry.LinkTarget ?? "").Where(target => target.StartsWith("socket:[", StringComparison.Ordinal)).Select(target => target[8..^1]).Distinct(StringComparer.Ordinal)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
