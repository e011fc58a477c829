using System.Globalization;
using System.Text;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Capacity;

/// <summary>The tables of a plan.</summary>
internal static class PlanText
{
    internal static string Write(CapacityPlan plan, string source)
    {
        var of = plan.Workload;
        var text = new StringBuilder()
            .AppendLine($"{of.OrdersPerSecond:#,0} orders/s, provider {of.ProviderLatency.TotalMilliseconds:#,0} ms, "
                + $"{of.Days:0} days of orders, {CapacityPlan.Target:0 %} of each resource, one of three zones may fail")
            .AppendLine($"demands: {source}")
            .AppendLine();
        text.Append(TextTable.Format(
            ["INSTANCES", "BY CPU", "BY COMMITTER", "BY SLOTS", "NEEDED", "IN 3 ZONES", "DECIDED BY"],
            new[] { plan.OrderApi, plan.PaymentWorker }.Select(service => (string[])
            [
                $"{service.Name}, {of.Cores:0.##} cores",
                .. service.Bounds.Select(bound => $"{ServicePlan.NeededBy(bound, of.OrdersPerSecond):#,0}"),
                $"{service.Needed:#,0}", $"{service.Planned:#,0}", service.Bottleneck.Name,
            ]))).AppendLine();
        text.Append(TextTable.Format(
            ["RESOURCE", "NEEDED"],
            [
                ["PostgreSQL orders: CPU of the primary", Cores(plan.OrdersDatabaseCores)],
                ["PostgreSQL payments: CPU of the primary", Cores(plan.PaymentsDatabaseCores)],
                ["PostgreSQL orders: connections (max_connections), in a rollout", Count(plan.OrdersConnections)],
                ["PostgreSQL payments: connections (max_connections), in a rollout", Count(plan.PaymentsConnections)],
                [$"PostgreSQL orders: disk for {of.Days:0.##} days", Gigabytes(plan.OrdersGigabytes)],
                [$"PostgreSQL payments: disk for {of.Days:0.##} days", Gigabytes(plan.PaymentsGigabytes)],
                ["PostgreSQL: WAL of both, also to the archive and each standby", Rate(plan.WalMegabytesPerSecond)],
                ["nats-server: CPU of each server", Cores(plan.NatsCores)],
                ["nats-server: messages, each synced to disk", $"{Count(plan.MessagesPerSecond)}/s"],
                ["nats-server: streams per subject (this release has one)", Count(plan.Streams)],
                [$"nats-server: disk of {of.Replicas} copies, until messages are too old", Gigabytes(plan.StreamGigabytes)],
                ["provider: concurrent calls, rate × latency", Count(plan.ProviderCalls)],
                ["network: all links, as if streams had one copy and PostgreSQL no standby", Rate(plan.WireMegabytesPerSecond)],
            ])).AppendLine();
        text.Append(TextTable.Format(
            ["LIMIT, whatever the number of instances", "ORDERS", "", "TO RAISE IT"],
            plan.Limits.Select(limit => new[]
            {
                limit.Name, TextTable.Number(limit.OrdersPerSecond, "/s"),
                limit.OrdersPerSecond < of.OrdersPerSecond ? "EXCEEDED" : "enough",
                limit.OrdersPerSecond < of.OrdersPerSecond ? limit.Remedy : "",
            }))).AppendLine();
        return text.AppendLine($"first limit: {plan.Limits[0].Name}").ToString();
    }

    private static string Cores(double value) => TextTable.Number(value, "cores");

    private static string Gigabytes(double value) => TextTable.Number(value, "GB");

    private static string Rate(double value) => TextTable.Number(value, "MB/s");

    private static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
