using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrderSystem.Tests.StandIns.OpenTelemetry;

/// <summary>What an OTLP receiver got: for each span, metric or log record the service it came from.</summary>
internal sealed record OtlpItem(string Signal, string Service, string Name);

/// <summary>An OTLP receiver (HTTP with protobuf) that reads as much as the tests ask for.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<OtlpItem> Items { get; } = new();

    public Uri Address { get; private set; } = null!;

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new OtlpReceiver(builder.Build());
        foreach (var signal in new[] { "traces", "metrics", "logs" })
        {
            receiver._app.MapPost("/v1/" + signal, request => receiver.ReceiveAsync(signal, request));
        }

        await receiver._app.StartAsync();
        receiver.Address = new Uri(receiver._app.Urls.Single());
        return receiver;
    }

    public IEnumerable<string> Names(string signal, string service) =>
        Items.Where(item => item.Signal == signal && item.Service == service).Select(item => item.Name);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(string signal, HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        Read(signal, body.ToArray());
        http.Response.ContentType = "application/x-protobuf";
    }

    // Export…ServiceRequest { Resource… = 1 { Resource = 1 { KeyValue attributes = 1 }, Scope… = 2 { Span | Metric | LogRecord = 2 } } }
    private void Read(string signal, byte[] request)
    {
        foreach (var resource in Protobuf.Fields(request, 1))
        {
            var service = Protobuf.Fields(resource, 1).SelectMany(inner => Protobuf.Fields(inner, 1))
                .Where(attribute => Text(attribute, 1) == "service.name")
                .Select(attribute => Text(Protobuf.Fields(attribute, 2).Single(), 1))
                .FirstOrDefault("?");
            foreach (var item in Protobuf.Fields(resource, 2).SelectMany(scope => Protobuf.Fields(scope, 2)))
            {
                Items.Enqueue(new(signal, service, NameOf(signal, item)));
            }
        }
    }

    // Span.name = 5, Metric.name = 1, LogRecord.body = 5 { string_value = 1 }
    private static string NameOf(string signal, byte[] item) => signal switch
    {
        "traces" => Text(item, 5),
        "metrics" => Text(item, 1),
        _ => Text(Protobuf.Fields(item, 5).First(), 1),
    };

    private static string Text(byte[] message, int field) => Encoding.UTF8.GetString(Protobuf.Fields(message, field).First());
}

internal static class Protobuf
{
    /// <summary>The length-delimited fields with this number.</summary>
    public static IEnumerable<byte[]> Fields(byte[] message, int number)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(message, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    var length = (int)Varint(message, ref at);
                    if ((int)(tag >> 3) == number) yield return message[at..(at + length)];
                    at += length;
                    break;
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }
    }
}
