using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>Writes <c>{"status", "durationMs", "checks": {name: {"status", "durationMs", "why"}}}</c>.</summary>
internal static class HealthReportJson
{
    internal static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        Write(json, report.Status, report.TotalDuration);
        json.WriteStartObject("checks");
        foreach (var (name, entry) in report.Entries)
        {
            json.WriteStartObject(name);
            Write(json, entry.Status, entry.Duration);
            if ((entry.Description ?? entry.Exception?.Message) is { } why)
                json.WriteString("why", why);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, HealthStatus status, TimeSpan duration)
    {
        json.WriteString("status", status is HealthStatus.Healthy ? "healthy" : "unhealthy");
        json.WriteNumber("durationMs", Math.Round(duration.TotalMilliseconds, 1));
    }
}
