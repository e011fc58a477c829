using System.Text.RegularExpressions;

namespace OrderSystem.Tests.Support;

/// <summary>The Prometheus metrics of a service.</summary>
internal static partial class ServiceMetrics
{
    /// <summary>The settings that enable the Prometheus endpoint.</summary>
    internal static IReadOnlyList<(string Name, string Value)> Settings { get; } =
        [("OTEL_METRICS_EXPORTER", "prometheus"), ("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1"), ("OTEL_EXPORTER_PROMETHEUS_PORT", "0")];

    internal static async Task<string> ScrapeAsync(ServiceProcess service)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(Address().Match(service.Output).Groups[1].Value));
    }

    [GeneratedRegex(@"Prometheus scrape endpoint: (http://\S+)")]
    private static partial Regex Address();
}
