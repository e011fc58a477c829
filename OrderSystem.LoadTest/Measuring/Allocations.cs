using System.Globalization;
using System.Text.RegularExpressions;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>The bytes that a .NET service has allocated since its start, from its Prometheus metrics.</summary>
internal static partial class Allocations
{
    /// <summary>Bytes by the name of the process; processes without a metrics address are omitted.</summary>
    internal static async Task<Dictionary<string, double>> ReadAsync(
        IEnumerable<ProcessTree> processes, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var bytes = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var process in processes)
        {
            if (process.Metrics is { } metrics)
                bytes[process.Name] = Read(await http.GetStringAsync(metrics, cancellationToken));
        }

        return bytes;
    }

    private static double Read(string metrics) => Total().Match(metrics) is { Success: true } match
        ? double.Parse(match.Groups["bytes"].Value, CultureInfo.InvariantCulture)
        : throw new LoadTestException("A service has no metric dotnet_gc_heap_total_allocated_bytes_total.");

    [GeneratedRegex(
        @"^dotnet_gc_heap_total_allocated_bytes_total(\{[^}]*\})? (?<bytes>\S+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Total();
}
