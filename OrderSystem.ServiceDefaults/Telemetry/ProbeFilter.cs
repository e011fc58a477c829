using System.Diagnostics;
using OpenTelemetry;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Drops the spans of health probes and their children, which are thousands a day without information.</summary>
internal sealed class ProbeFilter : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        var isProbe = data.Source.Name == "Microsoft.AspNetCore"
            && data.GetTagItem("url.path") is string path && HealthEndpoints.IsProbe(path);

        // An always-on sampler would record the children of a dropped request, as spans without a parent.
        if (isProbe || data.Parent is { Recorded: false })
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
