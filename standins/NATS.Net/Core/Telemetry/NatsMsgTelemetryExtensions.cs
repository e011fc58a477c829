using System.Diagnostics;

namespace NATS.Client.Core;

public static class NatsMsgTelemetryExtensions
{
    /// <summary>Starts an internal span below the receive span of the message; null when nobody listens to the source <c>NATS.Net</c>.</summary>
    public static Activity? StartActivity<T>(this in NatsMsg<T> msg, string name = "", IEnumerable<KeyValuePair<string, object?>>? tags = null) =>
        Telemetry.StartBelow(msg.Headers, name, tags);

    /// <summary>The receive span of this process; default when nobody listens.</summary>
    public static ActivityContext GetActivityContext(this NatsHeaders? headers) => headers?.Activity?.Context ?? default;
}
