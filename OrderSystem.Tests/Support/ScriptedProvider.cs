using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>A request of the worker to a scripted provider.</summary>
internal sealed record ProviderRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    internal bool IsCharge => Method == "POST" && Path.StartsWith("/charges", StringComparison.Ordinal);

    internal bool IsRefund => Method == "POST" && Path.StartsWith("/refunds", StringComparison.Ordinal);

    internal bool IsLookUp => Method == "GET";
}

/// <summary>A response, byte for byte. Each part is sent after its pause; at the end the connection stays open, or is cut.</summary>
internal sealed record ScriptedResponse(params (TimeSpan After, byte[] Bytes)[] Parts)
{
    internal bool Cuts { get; init; }

    /// <summary>Forwards the request to the simulator, and returns its body under this status.</summary>
    internal int? ForwardedAs { get; init; }

    /// <summary>A complete response in one part.</summary>
    /// <param name="status">Status code.</param>
    /// <param name="body">The body as text; Latin-1, so that any byte can be in it.</param>
    /// <param name="contentType">Null: none.</param>
    /// <param name="headers">More header lines.</param>
    internal static ScriptedResponse Of(int status, string body = "", string? contentType = "application/json", params string[] headers)
    {
        var bytes = Encoding.Latin1.GetBytes(body);
        return new((TimeSpan.Zero, [.. Head(status, bytes.Length, contentType, headers), .. bytes]));
    }

    /// <summary>Headers that announce a body, of which only a part is sent.</summary>
    internal static ScriptedResponse Stalled(int status, string part = "", int promised = 100) =>
        new((TimeSpan.Zero, Head(status, promised, "application/json")), (TimeSpan.FromMilliseconds(20), Encoding.Latin1.GetBytes(part)));

    /// <summary>No response at all.</summary>
    internal static ScriptedResponse Silence { get; } = new();

    /// <summary>A response that is not HTTP.</summary>
    internal static ScriptedResponse Garbage { get; } = new((TimeSpan.Zero, "\0\u0001 what is this\r\n\r\n"u8.ToArray())) { Cuts = true };

    private static byte[] Head(int status, int length, string? contentType, params string[] headers) => Encoding.Latin1.GetBytes(
        $"HTTP/1.1 {status} X\r\n{(contentType is null ? "" : $"Content-Type: {contentType}\r\n")}"
        + $"Content-Length: {length}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");
}

/// <summary>
/// A provider that responds by script: any status, headers, body and charset, with pauses between and inside of them. A request without a
/// scripted response is forwarded to the real simulator, if there is one.
/// </summary>
internal sealed class ScriptedProvider : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ended = new();
    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly Func<Uri>? simulator;
    private readonly Task accepting;
    private readonly List<ProviderRequest> requests = [];

    internal ScriptedProvider(Func<Uri>? simulator = null)
    {
        this.simulator = simulator;
        listener.Start(backlog: 512);
        Address = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        accepting = AcceptAsync();
    }

    internal Uri Address { get; }

    /// <summary>The script; null forwards the request.</summary>
    internal Func<ProviderRequest, ScriptedResponse?> Script { get; set; } = _ => null;

    /// <summary>All requests so far.</summary>
    internal IReadOnlyList<ProviderRequest> Requests
    {
        get
        {
            lock (requests)
                return [.. requests];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        listener.Stop();
        await accepting;
        http.Dispose();
        ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(ended.Token));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException
            or InvalidOperationException)
        {
            // Stopped, before or while it waits for the next connection.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                var stream = client.GetStream();
                while (await ReadAsync(stream) is { } request)
                {
                    lock (requests)
                        requests.Add(request);
                    var answer = Script(request);
                    if (answer is null or { ForwardedAs: not null })
                        answer = simulator is null ? ScriptedResponse.Of(500) : await ForwardAsync(request, answer?.ForwardedAs);
                    foreach (var (after, bytes) in answer.Parts)
                    {
                        await Task.Delay(after, TimeProvider.System, ended.Token);
                        await stream.WriteAsync(bytes, ended.Token);
                    }

                    if (answer.Cuts)
                        return;
                }
            }
        }
        catch (Exception over) when (over is IOException or SocketException or OperationCanceledException or HttpRequestException
            or ObjectDisposedException)
        {
            // The worker has closed the connection, or the simulator is down: the connection ends either way.
        }
    }

    private async Task<ProviderRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!EndsHead(head))
        {
            if (await stream.ReadAsync(one, ended.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[headers.TryGetValue("Content-Length", out var length)
            ? int.Parse(length, System.Globalization.CultureInfo.InvariantCulture)
            : 0];
        await stream.ReadExactlyAsync(body, ended.Token);
        var first = lines[0].Split(' ');
        return new(first[0], first[1], headers, body);
    }

    private static bool EndsHead(List<byte> head) => head is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];

    private async Task<ScriptedResponse> ForwardAsync(ProviderRequest request, int? status)
    {
        using var forwarded = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(simulator!(), request.Path));
        if (request.Body.Length > 0)
            forwarded.Content = new ByteArrayContent(request.Body) { Headers = { { "Content-Type", "application/json" } } };
        if (request.Headers.TryGetValue("Idempotency-Key", out var key))
            forwarded.Headers.Add("Idempotency-Key", key);
        using var answer = await http.SendAsync(forwarded, ended.Token);
        var body = await answer.Content.ReadAsByteArrayAsync(ended.Token);
        return ScriptedResponse.Of(
            status ?? (int)answer.StatusCode, Encoding.Latin1.GetString(body), answer.Content.Headers.ContentType?.ToString());
    }
}
