using System.Text.Json;
using System.Text.Json.Serialization;
using OrderSystem.OrderApi.Ops.Worker;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Timeline;

/// <summary>Registers the timeline of orders.</summary>
internal static class TimelineSetup
{
    internal static void AddTimeline(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(
            options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, TimelineJson.Default));
        builder.Services.AddSingleton<TimelineReader>();

        // A person waits for the answer: one short deadline and no retries.
        builder.Services.AddHttpClient<WorkerHistory>(http => http.Timeout = WorkerHistory.Timeout)
            .RemoveHttpClientDefaults().AddHttpMessageHandler<WorkerAccess>();
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Timeline))]
internal sealed partial class TimelineJson : JsonSerializerContext;
