using System.Net;
using System.Net.Http.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>With the real dashboard, where it was fetched or configured.</summary>
public sealed class DashboardTests
{
    [Fact]
    public async Task The_dashboard_starts_with_the_application_and_takes_its_login_and_its_telemetry()
    {
        var url = $"http://localhost:{Ports.Free()}";
        await using var host = AppHostProcess.Start(
            new Dictionary<string, string> { ["ASPIRE_DASHBOARD_PATH"] = Find(), ["ASPNETCORE_URLS"] = url, ["DOTNET_ENVIRONMENT"] = "Development" });
        await host.PrintsAsync($"Login to the dashboard at {url}/login?t=");
        await host.PrintsAsync("web 1/2     Healthy");

        var login = host.Lines.Single(l => l.StartsWith("Login to the dashboard at ", StringComparison.Ordinal)).Split(' ')[^1];
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var accepted = await browser.GetAsync(login);
        Assert.Equal(HttpStatusCode.Redirect, accepted.StatusCode);
        Assert.True(accepted.Headers.Contains("Set-Cookie"));
        using var refused = await browser.GetAsync(login[..^4] + "0000");
        Assert.False(refused.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(c => c.Contains(".AspNetCore", StringComparison.Ordinal) && c.Contains("Auth", StringComparison.OrdinalIgnoreCase)));

        var web = host.Lines.First(l => l.StartsWith("web 1/2     Healthy", StringComparison.Ordinal)).Split(' ')[^1];
        var environment = (await browser.GetFromJsonAsync<Dictionary<string, string>>(new Uri(new Uri(web), "environment")))!;
        Assert.Equal("web", environment["OTEL_SERVICE_NAME"]);
        Assert.Equal("grpc", environment["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.StartsWith("x-otlp-api-key=", environment["OTEL_EXPORTER_OTLP_HEADERS"], StringComparison.Ordinal);
        Assert.StartsWith("service.instance.id=", environment["OTEL_RESOURCE_ATTRIBUTES"], StringComparison.Ordinal);
        Assert.Equal(["1000", "1000", "1000", "always_on"], new[] { "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_TRACES_SAMPLER" }.Select(n => environment[n]));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendTelemetryAsync(environment["OTEL_EXPORTER_OTLP_ENDPOINT"], "x-otlp-api-key=wrong"));
        Assert.Equal(HttpStatusCode.OK, await SendTelemetryAsync(environment["OTEL_EXPORTER_OTLP_ENDPOINT"], environment["OTEL_EXPORTER_OTLP_HEADERS"]));

        await host.SignalAsync("TERM");
        await host.EndsAsync();
        Assert.Equal(0, host.ExitCode);
    }

    // An empty export request, framed as gRPC does.
    private static async Task<HttpStatusCode> SendTelemetryAsync(string endpoint, string header)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{endpoint}/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        var parts = header.Split('=', 2);
        request.Headers.Add(parts[0], parts[1]);
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("ASPIRE_DASHBOARD_PATH") is { Length: > 0 } configured && File.Exists(configured))
            return configured;
        var fetched = Path.Combine(Solution.Root, ".tools", "dashboard", "bundle", "aspire-managed");
        if (!File.Exists(fetched))
            Assert.Skip("The dashboard was not fetched.");
        return fetched;
    }
}
