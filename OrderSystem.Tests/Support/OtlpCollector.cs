using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrderSystem.Tests.Support;

/// <summary>An OTLP collector (HTTP with protobuf) that keeps every span and log record that services send it.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpCollector(WebApplication app) => this.app = app;

    internal ConcurrentQueue<OtlpSpan> Spans { get; } = new();

    internal ConcurrentQueue<OtlpLog> Logs { get; } = new();

    /// <summary>Every request body as it was received, including metrics.</summary>
    internal ConcurrentQueue<byte[]> Received { get; } = new();

    /// <summary>The settings with which a service exports to this collector without delay.</summary>
    internal Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app.Urls.Single(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
    };

    internal static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new OtlpCollector(builder.Build());
        collector.app.MapPost(
            "/v1/traces", http => collector.ReceiveAsync(http, (resource, item) => collector.Spans.Enqueue(OtlpSpan.Read(resource, item))));
        collector.app.MapPost(
            "/v1/logs", http => collector.ReceiveAsync(http, (resource, item) => collector.Logs.Enqueue(OtlpLog.Read(resource, item))));
        collector.app.MapPost("/v1/metrics", http => collector.ReceiveAsync(http, (_, _) => { }));
        await collector.app.StartAsync();
        return collector;
    }

    /// <summary>
    /// Waits until the spans of the order's trace satisfy the condition, and returns them. A timeout shows the spans that have arrived.
    /// </summary>
    internal Task<OtlpSpan[]> TraceAsync(string why, Guid order, Func<OtlpSpan[], bool> isComplete) => Eventually.GetAsync(
        why,
        () =>
        {
            var all = Spans.ToArray();
            var root = all.FirstOrDefault(
                span => span.Kind == OtlpSpan.Server && span.Attribute("order.id") == order.ToString() && span.Name == "POST /orders");
            if (root is null)
                throw new InvalidOperationException(
                    "No span of the request among "
                    + string.Join(", ", all.Select(span => $"{span.Service}: {span.Name} ({span.Kind})").Distinct()));
            return Task.FromResult(root is null ? [] : all.Where(span => span.TraceId == root.TraceId).ToArray());
        },
        isComplete,
        TimeSpan.FromSeconds(20));

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    // Export…ServiceRequest { Resource… = 1 { Resource = 1 { KeyValue attributes = 1 }, Scope… = 2 { Span | LogRecord = 2 } } }
    private async Task ReceiveAsync(HttpContext http, Action<IReadOnlyDictionary<string, string>, ProtobufMessage> read)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        Received.Enqueue(body.ToArray());
        foreach (var resource in new ProtobufMessage(body.ToArray()).Messages(1))
        {
            var attributes = resource.Messages(1).SelectMany(inner => inner.Messages(1)).ToAttributes();
            foreach (var item in resource.Messages(2).SelectMany(scope => scope.Messages(2)))
                read(attributes, item);
        }

        http.Response.ContentType = "application/x-protobuf";
    }
}
