using System.Diagnostics;
using OpenTelemetry;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Keeps health probes, and all that they cause, out of the traces: there are thousands a day and none is worth a look.</summary>
internal sealed class ProbeFilter : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.Source.Name == "Microsoft.AspNetCore" && data.GetTagItem("url.path") is string path && HealthEndpoints.IsProbe(path))
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
