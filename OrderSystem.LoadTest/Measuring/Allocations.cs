using System.Globalization;
using System.Text.RegularExpressions;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>What a .NET service has allocated since it began, from the figures that it offers to Prometheus.</summary>
internal static partial class Allocations
{
    /// <summary>Bytes by the name of the process; those without a metrics address are left out.</summary>
    internal static async Task<Dictionary<string, double>> ReadAsync(IEnumerable<ProcessTree> processes, CancellationToken cancellationToken)
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
        : throw new LoadTestException("A service offers no dotnet_gc_heap_total_allocated_bytes_total.");

    [GeneratedRegex(@"^dotnet_gc_heap_total_allocated_bytes_total(\{[^}]*\})? (?<bytes>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Total();
}
