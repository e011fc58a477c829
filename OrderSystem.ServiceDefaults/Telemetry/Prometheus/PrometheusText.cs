using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace OrderSystem.ServiceDefaults.Telemetry.Prometheus;

/// <summary>
/// Writes metrics in Prometheus' text format 0.0.4, with the names that OpenTelemetry's compatibility document gives them: dots become
/// underscores, the unit is spelled out at the end, a counter ends in <c>_total</c>.
/// </summary>
internal sealed class PrometheusText : BaseExporter<Metric>
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder text = new();

    /// <summary>What the last collection came to.</summary>
    internal string Last { get; private set; } = "";

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = new SortedDictionary<string, List<Metric>>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            var name = PrometheusNames.Family(metric);
            if (!families.TryGetValue(name, out var family))
                families.Add(name, family = []);
            family.Add(metric);
        }

        text.Clear();
        WriteTarget();
        foreach (var (name, metrics) in families)
        {
            WriteHeader(name, TypeOf(metrics[0].MetricType), metrics[0].Description is { Length: > 0 } description ? description : metrics[0].Name);
            foreach (var metric in metrics)
            {
                var scale = PrometheusNames.Scale(metric);
                foreach (ref readonly var point in metric.GetMetricPoints())
                    WritePoint(name, metric.MetricType, scale, in point);
            }
        }

        Last = text.ToString();
        return ExportResult.Success;
    }

    private static string TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    };

    private void WriteTarget()
    {
        WriteHeader("target_info", "gauge", "The service that is measured.");
        text.Append("target_info");
        WriteLabels(ParentProvider.GetResource().Attributes.GetEnumerator());
        text.Append(" 1\n");
    }

    private void WriteHeader(string name, string type, string description) => text
        .Append("# HELP ").Append(name).Append(' ').Append(description.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)).Append('\n')
        .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private void WritePoint(string name, MetricType type, double scale, ref readonly MetricPoint point)
    {
        switch (type)
        {
            case MetricType.Histogram:
                WriteHistogram(name, scale, in point);
                break;
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                WriteSample(name, in point, point.GetSumLong() * scale);
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                WriteSample(name, in point, point.GetSumDouble() * scale);
                break;
            case MetricType.LongGauge:
                WriteSample(name, in point, point.GetGaugeLastValueLong() * scale);
                break;
            case MetricType.DoubleGauge:
                WriteSample(name, in point, point.GetGaugeLastValueDouble() * scale);
                break;
            default:
                throw new NotSupportedException($"'{name}' is a metric of type {type}, which the text format does not have; select another aggregation for it.");
        }
    }

    private void WriteHistogram(string name, double scale, ref readonly MetricPoint point)
    {
        long count = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            text.Append(name).Append("_bucket");
            WriteLabels(point.Tags.GetEnumerator(), bucket.ExplicitBound * scale);
            text.Append(' ').Append(count).Append('\n');
        }

        WriteSample(name + "_sum", in point, point.GetHistogramSum() * scale);
        WriteSample(name + "_count", in point, count);
    }

    private void WriteSample(string name, ref readonly MetricPoint point, double value)
    {
        text.Append(name);
        WriteLabels(point.Tags.GetEnumerator());
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private void WriteLabels(IEnumerator<KeyValuePair<string, object>> attributes)
    {
        var separator = '{';
        while (attributes.MoveNext())
            WriteLabel(ref separator, attributes.Current.Key, attributes.Current.Value);
        if (separator == ',')
            text.Append('}');
    }

    private void WriteLabels(ReadOnlyTagCollection.Enumerator tags, double? upperBound = null)
    {
        var separator = '{';
        while (tags.MoveNext())
            WriteLabel(ref separator, tags.Current.Key, tags.Current.Value);
        if (upperBound is { } bound)
            WriteLabel(ref separator, "le", Number(bound));
        if (separator == ',')
            text.Append('}');
    }

    private void WriteLabel(ref char separator, string name, object? value)
    {
        text.Append(separator).Append(PrometheusNames.Sanitize(name)).Append("=\"")
            .Append(Convert.ToString(value, CultureInfo.InvariantCulture)?.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal))
            .Append('"');
        separator = ',';
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
