using System.Text;
using OpenTelemetry.Metrics;

namespace OrderSystem.ServiceDefaults.Telemetry.Prometheus;

/// <summary>The names of OpenTelemetry as Prometheus has them.</summary>
internal static class PrometheusNames
{
    private const string Milliseconds = "ms";

    /// <summary>What values have to be multiplied with: Prometheus has base units only.</summary>
    internal static double Scale(Metric metric) => metric.Unit == Milliseconds ? 0.001 : 1;

    /// <summary>The name of the metric's family: <c>messaging.process.duration</c> in <c>s</c> is <c>messaging_process_duration_seconds</c>.</summary>
    internal static string Family(Metric metric)
    {
        var name = Sanitize(metric.Name);
        var isCounter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        if (isCounter && name.EndsWith("_total", StringComparison.Ordinal))
            name = name[..^"_total".Length];

        // Prometheus keeps this suffix for the number of a histogram's observations.
        if (metric.MetricType != MetricType.Histogram && name.EndsWith("_count", StringComparison.Ordinal))
            name = name[..^"_count".Length] + "_number";
        var unit = Unit(metric.Unit, isGauge: metric.MetricType is MetricType.LongGauge or MetricType.DoubleGauge);
        if (unit.Length > 0 && !name.EndsWith('_' + unit, StringComparison.Ordinal))
            name = $"{name}_{unit}";
        return isCounter ? name + "_total" : name;
    }

    /// <summary>Every run of characters that a name may not have is one underscore.</summary>
    internal static string Sanitize(string name)
    {
        var result = new StringBuilder(name.Length);
        foreach (var character in name)
        {
            if (char.IsAsciiLetterOrDigit(character))
                result.Append(character);
            else if (result.Length > 0 && result[^1] != '_')
                result.Append('_');
        }

        return result.Length > 0 && char.IsAsciiDigit(result[0]) ? '_' + result.ToString() : result.ToString();
    }

    private static string Unit(string? unit, bool isGauge) => unit switch
    {
        null or "" => "",
        _ when unit.StartsWith('{') => "",
        "1" => isGauge ? "ratio" : "",
        "s" => "seconds",
        Milliseconds => "seconds",
        "By" => "bytes",
        "%" => "percent",
        _ => Sanitize(unit),
    };
}
