using System.Buffers.Binary;
using System.Net;
using Google.Protobuf;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>Calls the resource service of an AppHost as the dashboard does: messages in frames over HTTP/2.</summary>
internal sealed class GrpcCalls(int port, string key) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://localhost:{port}/aspire.v1.DashboardService/"), Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The one answer to one message.</summary>
    internal async Task<T> AskAsync<T>(string method, IMessage request, MessageParser<T> parser, CancellationToken cancellationToken = default) where T : IMessage<T>
    {
        using var response = await SendAsync(method, new ByteArrayContent(Frame(request)), cancellationToken: cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var answer = await ReadAsync(body, parser, cancellationToken);
        Assert.Null(await ReadAsync(body, parser, cancellationToken));
        Assert.Equal(("0", null), StatusOf(response));
        return answer!;
    }

    /// <summary>Begins a call with a stream of answers.</summary>
    internal async Task<GrpcStream<T>> WatchAsync<T>(string method, IMessage request, MessageParser<T> parser, string? timeout = null) where T : IMessage<T>
    {
        var response = await SendAsync(method, new ByteArrayContent(Frame(request)), timeout: timeout);
        return new GrpcStream<T>(response, await response.Content.ReadAsStreamAsync(), parser);
    }

    /// <summary>How a call ends that is answered with nothing else.</summary>
    internal async Task<(string? Status, string? Message)> EndOfAsync(string method, byte[] body, string? timeout = null)
    {
        using var response = await SendAsync(method, new ByteArrayContent(body), timeout: timeout);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync().WaitAsync(SampleWeb.Patience, TimeProvider.System));
        return StatusOf(response);
    }

    internal async Task<HttpResponseMessage> SendAsync(
        string method, HttpContent content, string type = "application/grpc", string? timeout = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, method) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Content.Headers.ContentType = new(type);
        request.Headers.Add("te", "trailers");
        if (key.Length > 0)
            request.Headers.Add("x-resource-service-api-key", key);
        if (timeout is not null)
            request.Headers.Add("grpc-timeout", timeout);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).WaitAsync(SampleWeb.Patience, TimeProvider.System, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    internal static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.ToByteArray().CopyTo(frame, 5);
        return frame;
    }

    internal static async Task<T?> ReadAsync<T>(Stream body, MessageParser<T> parser, CancellationToken cancellationToken) where T : IMessage<T>
    {
        var header = new byte[5];
        if (await body.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken) == 0)
            return default;
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        await body.ReadExactlyAsync(message, cancellationToken);
        return parser.ParseFrom(message);
    }

    /// <summary>From the trailers, or from the headers where nothing else was answered.</summary>
    internal static (string? Status, string? Message) StatusOf(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (Value("grpc-status"), Value("grpc-message"));

        string? Value(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? Uri.UnescapeDataString(values.Single()) : null;
    }
}

/// <summary>The answers of a call that stays open.</summary>
internal sealed class GrpcStream<T>(HttpResponseMessage response, Stream body, MessageParser<T> parser) : IDisposable where T : IMessage<T>
{
    /// <summary>The next answer; null at the end.</summary>
    internal Task<T?> NextAsync() => GrpcCalls.ReadAsync(body, parser, CancellationToken.None).WaitAsync(SampleWeb.Patience, TimeProvider.System);

    /// <summary>Reads until an answer is as expected.</summary>
    internal async Task<T> UntilAsync(Func<T, bool> isExpected)
    {
        while (true)
        {
            var answer = await NextAsync() ?? throw new Xunit.Sdk.XunitException("The stream has ended before what was expected came.");
            if (isExpected(answer))
                return answer;
        }
    }

    /// <summary>Reads to the end, and says how the call went.</summary>
    internal async Task<string?> EndAsync()
    {
        while (await NextAsync() is not null)
        {
        }

        return GrpcCalls.StatusOf(response).Status;
    }

    public void Dispose() => response.Dispose();
}
