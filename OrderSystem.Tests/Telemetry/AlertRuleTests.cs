using System.Diagnostics;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>When an alert is raised, and what it says.</summary>
public sealed class AlertRuleTests
{
    [Theory]
    [InlineData(3_500, "[]")]
    [InlineData(3_700, "[{ exp_labels: { severity: page }, exp_annotations: { summary: 'A payment has waited 1h 1m 40s for a person to resolve it', runbook: docs/operations.md#paymentsinreview } }]")]
    public async Task A_payment_that_has_waited_an_hour_for_a_person_raises_an_alert(int age, string alerts)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.yml");
        await File.WriteAllTextAsync(path, $$"""
            rule_files: ['{{Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml")}}']
            tests:
              - interval: 30s
                input_series: [{ series: 'ordersystem_payments_review_oldest_seconds{job="payment-worker"}', values: '{{age}}x10' }]
                alert_rule_test: [{ eval_time: 3m, alertname: PaymentsInReview, exp_alerts: {{alerts}} }]
            """);
        try
        {
            await Programs.RunAsync(new ProcessStartInfo(Programs.Promtool, ["test", "rules", path]));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
