using System.Net.Http.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>The standard variable replaces the sampler of the services, and with it what they keep.</summary>
public sealed class SamplerSettingTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordersystem-sampler-");

    [Theory]
    [InlineData("", "00", 3)]
    [InlineData("always_off", "01", 0)]
    [InlineData("parentbased_always_on", "00", 0)]
    [InlineData("always_on", "00", 3)]
    public async Task Failed_requests_are_exported_as_the_sampler_says(string sampler, string traceFlags, int exported)
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using (var gateway = await ServiceProcess.StartAsync("OrderSystem.PaymentGateway", collector.Settings.Concat(
        [
            new("ASPNETCORE_URLS", "http://127.0.0.1:0"), new("Ledger__Path", Path.Combine(folder.FullName, "ledger.ndjson")),
            new("OTEL_TRACES_SAMPLER", sampler),
        ])))
        {
            using var http = new HttpClient { BaseAddress = gateway.Address };
            (await http.PutAsJsonAsync("/faults", new { errorRate = 1.0 })).EnsureSuccessStatusCode().Dispose();
            for (var i = 0; i < 3; i++)
            {
                using var charge = new HttpRequestMessage(HttpMethod.Post, "/charges")
                {
                    Headers =
                    {
                        { "Idempotency-Key", $"{i}" },
                        { "traceparent", $"00-{Guid.NewGuid():N}-00f067aa0ba902b7-{traceFlags}" },
                    },
                    Content = JsonContent.Create(new { orderId = $"{i}", amount = 1, currency = "EUR" }),
                };
                Assert.Equal(500, (int)(await http.SendAsync(charge)).StatusCode);
            }

            // A stopping service exports what it has.
            await gateway.StopAsync();
        }

        Assert.Equal(exported, collector.Spans.Count(span => span.Name == "POST /charges"));
    }

    public void Dispose() => folder.Delete(recursive: true);
}
