using System.ComponentModel.DataAnnotations;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Section <c>Telemetry</c>.</summary>
internal sealed class TelemetryOptions
{
    internal const string Section = "Telemetry";

    /// <summary>
    /// Traces that this process starts per second at most; above, it samples by the trace id. Failed, retried and slow operations are
    /// always exported. More traces cost CPU in every service and storage. <c>OTEL_TRACES_SAMPLER</c> replaces this. Default 100.
    /// </summary>
    [Range(1, 1_000_000)]
    public int TracesPerSecond { get; set; } = 100;
}
