using System.Diagnostics;
using OpenTelemetry;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Keeps health probes, and all that they cause, out of the traces: there are thousands a day and none is worth a look.</summary>
internal sealed class ProbeFilter : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        var isProbe = data.Source.Name == "Microsoft.AspNetCore" && data.GetTagItem("url.path") is string path && HealthEndpoints.IsProbe(path);

        // A sampler that is always on would record what a dropped request causes: a child of nothing.
        if (isProbe || data.Parent is { Recorded: false })
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
