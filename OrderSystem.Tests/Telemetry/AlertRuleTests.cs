using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Deployment;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>When each alert fires and what it says: promtool runs the scenarios beside this file.</summary>
public sealed partial class AlertRuleTests
{
    private static readonly string[] Scenarios =
        Directory.GetFiles(Path.Combine(Solution.Root, "OrderSystem.Tests", "Telemetry"), "alert-scenarios*.yml");

    private static readonly JsonNode[] Alerts =
    [
        .. Read(Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml")).Items("groups")
            .SelectMany(group => group.Items("rules")).Where(rule => rule.Text("alert") is not null),
    ];

    [Fact]
    public async Task Every_scenario_passes_promtool_test_rules()
    {
        Assert.NotEmpty(Scenarios);
        await Programs.RunAsync(new ProcessStartInfo(Programs.Promtool, ["test", "rules", .. Scenarios]));
    }

    [Fact]
    public void Each_alert_has_a_scenario_where_it_fires_and_one_where_it_does_not()
    {
        var cases = Scenarios.SelectMany(path => Read(path).Items("tests"))
            .SelectMany(test => test.Items("alert_rule_test"))
            .ToLookup(test => test.Text("alertname")!, test => test.Items("exp_alerts").Any());
        var names = Alerts.Select(rule => rule.Text("alert")!).ToArray();
        Assert.True(names.Length > 20);
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(names, name => !cases[name].Contains(true) || !cases[name].Contains(false));
    }

    /// <summary>A gauge that cannot be measured is absent, and an absent gauge never exceeds a threshold.</summary>
    [Fact]
    public void Each_gauge_that_an_alert_uses_has_an_alert_for_its_absence()
    {
        var gauges = Alerts.Where(rule => rule.Text("alert") != "MeasurementsMissing")
            .SelectMany(rule => Gauge().Matches(rule.Text("expr")!))
            .Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        var missed = Alerts
            .Where(rule => rule.Text("expr") is { } expression
                && (rule.Text("alert") == "MeasurementsMissing" || expression.Contains("absent(", StringComparison.Ordinal)))
            .SelectMany(rule => Gauge().Matches(rule.Text("expr")!)).Select(match => match.Value);
        Assert.True(gauges.Count > 10);
        Assert.Equal(["ordersystem_audit_disagreements"], gauges.Except(missed));
    }

    private static JsonNode Read(string path) => Yaml.Documents(File.ReadAllText(path))[0];

    /// <summary>
    /// Counters and histograms are never absent. The time of the last audit shows whether the gauge of its disagreements exists.
    /// </summary>
    [GeneratedRegex(@"\bordersystem_\w+\b(?<!_total|_bucket|_count|_sum)")]
    private static partial Regex Gauge();
}
