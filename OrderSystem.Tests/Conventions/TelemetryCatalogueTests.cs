using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>
/// docs/telemetry.md is what the code does: each metric, log event, source, span and span event, and none that is no more.
/// </summary>
[Fast]
public sealed partial class TelemetryCatalogueTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Solution.Root, "docs", "telemetry.md"));

    private static readonly string[] Services =
    [
        "OrderSystem.ServiceDefaults", "OrderSystem.Messaging", "OrderSystem.OrderApi", "OrderSystem.PaymentWorker",
        "OrderSystem.PaymentGateway",
    ];

    private static readonly string Code = string.Join('\n', Services
        .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Solution.Root, project), "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
        .Select(File.ReadAllText));

    [Fact]
    public void Metrics()
    {
        var made = Instrument().Matches(Code)
            .Select(match => $"{match.Groups["name"]} {Kind(match.Groups["kind"].Value)} {match.Groups["unit"]}")
            .Order(StringComparer.Ordinal).ToArray();
        var listed = MetricRow().Matches(Page).Select(match => $"{match.Groups["name"]} {match.Groups["kind"]} {match.Groups["unit"]}")
            .Order(StringComparer.Ordinal).ToArray();
        Assert.True(made.Length > 20);
        Assert.Equal(made, listed);
    }

    [Fact]
    public void Log_events()
    {
        const BindingFlags All =
            BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;
        var logged = Services.SelectMany(name => Assembly.Load(name).GetTypes())
            .SelectMany(type => type.GetMethods(All))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()
            .Select(message => string.Create(CultureInfo.InvariantCulture, $"| {message.EventId} | {message.Level} | {message.Message} |"))
            .Order(StringComparer.Ordinal).ToArray();
        var listed = Page.Split('\n').Where(line => EventRow().IsMatch(line)).Order(StringComparer.Ordinal).ToArray();
        Assert.True(logged.Length > 30);
        Assert.Equal(logged, listed);
        Assert.Equal(logged.Length, logged.DistinctBy(line => line.Split('|')[1]).Count());
    }

    [Fact]
    public void Sources_and_meters()
    {
        foreach (Match name in TelemetryName().Matches(Code))
            Assert.Contains($"`{name.Groups[1].Value}`", Page, StringComparison.Ordinal);
        Assert.NotEmpty(TelemetryName().Matches(Code));
    }

    [Fact]
    public void Events_of_spans()
    {
        var made = SpanEvent().Matches(Code).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal).ToArray();
        var listed = SpanEventRow().Matches(Page).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(made);
        Assert.Equal(made, listed);
    }

    private static string Kind(string method) => method switch
    {
        "Counter" => "counter",
        "Histogram" => "histogram",
        "ObservableGauge" => "gauge",
        _ => throw new InvalidOperationException($"{method} is not in the catalogue's terms"),
    };

    [GeneratedRegex(
        """meter\.Create(?<kind>Counter|Histogram|ObservableGauge|\w+)(?:<\w+>)?\(\s*"(?<name>[^"]+)","""
        + """(?:(?!\);)[\s\S])*?"(?<unit>s|\{[a-z_]+\})",""")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"^\| `(?<name>[a-z_.]+)` \| (?<kind>counter|histogram|gauge) \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^\| \d+ \|")]
    private static partial Regex EventRow();

    [GeneratedRegex("""const string (?:Meter)?Name = "(OrderSystem\.\w+)";""")]
    private static partial Regex TelemetryName();

    [GeneratedRegex("""AddEvent\(new\("([a-z_.]+)""")]
    private static partial Regex SpanEvent();

    [GeneratedRegex(@"^\| `(?<name>(?:payment|message)\.[a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex SpanEventRow();
}
