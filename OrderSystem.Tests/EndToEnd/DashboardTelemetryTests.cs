using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>
/// The telemetry of the real dashboard, read with the Aspire CLI: each order is one trace, also after a redelivery and a refund.
/// </summary>
public sealed class DashboardTelemetryTests
{
    private static readonly Dictionary<string, object> ServerErrors = new(StringComparer.Ordinal) { ["errorRate"] = 1.0 };

    [Fact]
    public async Task A_redelivered_and_a_refunded_order_are_one_trace_each()
    {
        await using var system = await DashboardApp.StartWithDashboardAsync();
        var cli = new AspireCli((await system.LoginAsync()).AbsoluteUri);
        using var gateway = new HttpClient { BaseAddress = system.App.GetEndpoint("payment-gateway") };

        var redelivered = await PlaceAsync(system, gateway, ServerErrors);
        await cli.SpansAsync(redelivered.Trace, "nak orders.created");
        (await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative))).EnsureSuccessStatusCode().Dispose();
        await cli.SpansAsync(redelivered.Trace, "process orders.created", "process orders.created", "process payments.succeeded");

        // Its outcome stays unknown while it is cancelled; then a look-up finds a charge.
        var refunded = await PlaceAsync(system, gateway, ServerErrors);
        var payments = await system.App.GetConnectionStringAsync("payments");
        await Eventually.BeTrueAsync("the order is being charged",
            async () => await Sql.ScalarAsync<long>(payments!, $"SELECT count(*) FROM payments WHERE order_id = '{refunded.Order}'") == 1);
        using (var client = system.NewClient())
            (await client.Http.PostAsync(new Uri($"/orders/{refunded.Order}/cancel", UriKind.Relative), content: null))
                .EnsureSuccessStatusCode().Dispose();
        (await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative))).EnsureSuccessStatusCode().Dispose();
        await gateway.ChargeAsync(refunded.Order, 39.98m, refunded.Trace);
        await cli.SpansAsync(
            refunded.Trace, "POST /charges", "process orders.cancelled", "refund payment", "POST /refunds", "process payments.refunded");

        // Only requests that another caller sent name an order in another trace: the cancellation, and the provider's webhooks.
        var all = await cli.ReadAsync("spans", "--limit", "5000");
        foreach (var (order, trace) in new[] { redelivered, refunded })
        {
            var elsewhere = all.EnumerateArray().Where(span =>
                span.GetProperty("attributes").TryGetProperty("order.id", out var id)
                && id.GetString() == order.ToString()
                && span.GetProperty("traceId").GetString() != trace);
            Assert.All(elsewhere, span => Assert.Contains(
                span.GetProperty("name").GetString(), (string[])["POST /orders/{id:guid}/cancel", "POST /webhooks/{provider}"]));
        }

        var traces = (await cli.ReadAsync("traces", "--limit", "1000")).EnumerateArray()
            .Select(trace => trace.GetProperty("traceId").GetString()).ToArray();
        Assert.Single(traces, redelivered.Trace);
        Assert.Single(traces, refunded.Trace);
        var logs = await cli.ReadAsync("logs", "--trace-id", redelivered.Trace);
        Assert.Contains(logs.EnumerateArray(), log => log.ToString().Contains("Retrying message", StringComparison.Ordinal));
    }

    private static async Task<(Guid Order, string Trace)> PlaceAsync(
        DashboardApp system, HttpClient gateway, Dictionary<string, object> faults)
    {
        (await gateway.PutAsJsonAsync("/faults", faults)).EnsureSuccessStatusCode().Dispose();
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using var client = system.NewClient();
        client.Http.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
        return (await client.PlaceAsync(), trace);
    }

    /// <summary><c>aspire otel</c>, the local tool that test.sh restores.</summary>
    private sealed class AspireCli(string dashboard)
    {
        /// <summary>
        /// Waits until the trace has the spans, because each service exports its
        /// own spans at its own time. A name that is given twice is expected twice.
        /// </summary>
        internal Task SpansAsync(string trace, params string[] expected) => Eventually.GetAsync(
            $"the trace has {string.Join(", ", expected)}",
            async () => (await ReadAsync("spans", "--trace-id", trace, "--limit", "500")).EnumerateArray()
                .Select(span => span.GetProperty("name").GetString()!).ToArray(),
            names => expected.CountBy(name => name, StringComparer.Ordinal)
                .All(wanted => names.Count(name => name == wanted.Key) >= wanted.Value),
            TimeSpan.FromSeconds(120));

        internal async Task<JsonElement> ReadAsync(string signal, params string[] options)
        {
            var home = Directory.CreateTempSubdirectory("ordersystem-aspire-");
            try
            {
                using var process = Process.Start(new ProcessStartInfo(
                    "dotnet",
                    [
                        "aspire", "otel", signal, "--dashboard-url", dashboard, "--format", "Json", "--non-interactive", "--nologo",
                        .. options,
                    ])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    WorkingDirectory = Solution.Root,
                    Environment = { ["ASPIRE_HOME"] = home.FullName, ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true" },
                })!;
                var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
                await process.WaitForExitAsync();
                Assert.True(process.ExitCode == 0, await output + await errors);
                using var json = JsonDocument.Parse(await output);
                return json.RootElement.Clone();
            }
            finally
            {
                home.Delete(recursive: true);
            }
        }
    }
}
