using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Deployment;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>When each alert is raised and what it says: the scenarios beside this file, as promtool plays them.</summary>
public sealed partial class AlertRuleTests
{
    private static readonly string[] Scenarios = Directory.GetFiles(Path.Combine(Solution.Root, "OrderSystem.Tests", "Telemetry"), "alert-scenarios*.yml");

    private static readonly JsonNode[] Alerts = [.. Read(Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml")).Items("groups").SelectMany(group => group.Items("rules")).Where(rule => rule.Text("alert") is not null)];

    [Fact]
    public async Task Every_scenario_comes_out_as_it_says()
    {
        Assert.NotEmpty(Scenarios);
        await Programs.RunAsync(new ProcessStartInfo(Programs.Promtool, ["test", "rules", .. Scenarios]));
    }

    [Fact]
    public void Each_alert_has_a_scenario_in_which_it_is_raised_and_one_in_which_it_is_not()
    {
        var cases = Scenarios.SelectMany(path => Read(path).Items("tests")).SelectMany(test => test.Items("alert_rule_test")).ToLookup(test => test.Text("alertname")!, test => test.Items("exp_alerts").Any());
        var names = Alerts.Select(rule => rule.Text("alert")!).ToArray();
        Assert.True(names.Length > 20);
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(names, name => !cases[name].Contains(true) || !cases[name].Contains(false));
    }

    /// <summary>A gauge that cannot be measured is not there, and what is not there is compared with no threshold.</summary>
    [Fact]
    public void Each_gauge_that_an_alert_rests_on_is_missed_when_it_is_not_there()
    {
        var gauges = Alerts.Where(rule => rule.Text("alert") != "MeasurementsMissing").SelectMany(rule => Gauge().Matches(rule.Text("expr")!)).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        var missed = Alerts.Where(rule => rule.Text("expr") is { } expression && (rule.Text("alert") == "MeasurementsMissing" || expression.Contains("absent(", StringComparison.Ordinal)))
            .SelectMany(rule => Gauge().Matches(rule.Text("expr")!)).Select(match => match.Value);
        Assert.True(gauges.Count > 10);
        Assert.Equal(["ordersystem_audit_disagreements"], gauges.Except(missed));
    }

    private static JsonNode Read(string path) => Yaml.Documents(File.ReadAllText(path))[0];

    /// <summary>Counters and histograms are never withdrawn. Of the audit's gauges the time of the last one tells whether there is one.</summary>
    [GeneratedRegex(@"\bordersystem_\w+\b(?<!_total|_bucket|_count|_sum)")]
    private static partial Regex Gauge();
}
