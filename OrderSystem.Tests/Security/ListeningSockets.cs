using System.Globalization;
using System.Net;
using OrderSystem.Tests.EndToEnd;

namespace OrderSystem.Tests.Security;

/// <summary>A TCP socket that accepts connections.</summary>
internal sealed record ListeningSocket(int ProcessId, string Program, IPAddress Address, int Port)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port} {Program} ({ProcessId})");
}

/// <summary>The listening sockets of processes, read from <c>/proc</c>.</summary>
internal static class ListeningSockets
{
    private const string Listen = "0A";

    internal static IReadOnlyList<ListeningSocket> Of(IEnumerable<int> processes)
    {
        var sockets = Tables().ToDictionary(socket => socket.Inode, StringComparer.Ordinal);
        return [.. processes.SelectMany(process => InodesOf(process)
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

    /// <summary>The kernel writes an address as 32-bit words in host byte order.</summary>
    private static IPAddress Address(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var word = 0; word < bytes.Length; word += 4)
            Array.Reverse(bytes, word, 4);
        return new IPAddress(bytes);
    }

    private static string ProgramOf(int process) =>
        string.Join(' ', ProcessFamily.Read(process, "cmdline").Split('\0').Take(2).Select(Path.GetFileName));

    private static IEnumerable<string> InodesOf(int process)
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos()
                .Select(entry => entry.LinkTarget ?? "").Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
                .Select(target => target[8..^1]).Distinct(StringComparer.Ordinal)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
