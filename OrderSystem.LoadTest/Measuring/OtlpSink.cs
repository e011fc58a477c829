using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>
/// An OTLP collector over gRPC, the protocol that services use by default. It counts the spans and bytes that it receives and keeps
/// nothing: its CPU is that of the generator, but exporting is part of what the services are measured by.
/// </summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    /// <summary>A gRPC message: not compressed, and empty, as a response without rejected items.</summary>
    private static readonly byte[] Accepted = new byte[5];

    private readonly WebApplication app;
    private long spans;
    private long bytes;

    private OtlpSink(WebApplication app) => this.app = app;

    /// <summary>The value of <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    internal string Endpoint => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>Spans received so far.</summary>
    internal long Spans => Interlocked.Read(ref spans);

    /// <summary>Bytes of traces, metrics and logs received so far.</summary>
    internal long Bytes => Interlocked.Read(ref bytes);

    internal static async Task<OtlpSink> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, on => on.Protocols = HttpProtocols.Http2));
        var sink = new OtlpSink(builder.Build());
        sink.app.MapPost("/{service}/Export", sink.ReceiveAsync);
        await sink.app.StartAsync(cancellationToken);
        return sink;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        Interlocked.Add(ref bytes, body.Length);
        if (http.Request.Path.Value!.Contains(".trace.", StringComparison.Ordinal))
            Interlocked.Add(ref spans, CountSpans(body.GetBuffer().AsSpan(Accepted.Length, (int)body.Length - Accepted.Length)));
        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(Accepted, http.RequestAborted);
        http.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>ExportTraceServiceRequest { ResourceSpans = 1 { ScopeSpans = 2 { Span = 2 } } }.</summary>
    internal static long CountSpans(ReadOnlySpan<byte> request) => Count(request, [1, 2, 2]);

    private static long Count(ReadOnlySpan<byte> message, ReadOnlySpan<int> path)
    {
        var count = 0L;
        while (!message.IsEmpty)
        {
            var tag = ReadVarint(ref message);
            var length = (tag & 7) switch
            {
                0 => SkipVarint(ref message),
                1 => 8,
                5 => 4,
                _ => (int)ReadVarint(ref message),
            };
            if ((tag & 7) == 2 && (int)(tag >> 3) == path[0])
                count += path.Length == 1 ? 1 : Count(message[..length], path[1..]);
            message = message[length..];
        }

        return count;
    }

    private static int SkipVarint(ref ReadOnlySpan<byte> from)
    {
        ReadVarint(ref from);
        return 0;
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = from[0];
            from = from[1..];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }
    }
}
