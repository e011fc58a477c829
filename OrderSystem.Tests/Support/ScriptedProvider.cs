using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>What the worker asks of a scripted provider.</summary>
internal sealed record ProviderQuestion(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    internal bool IsCharge => Method == "POST" && Path.StartsWith("/charges", StringComparison.Ordinal);

    internal bool IsRefund => Method == "POST" && Path.StartsWith("/refunds", StringComparison.Ordinal);

    internal bool IsLookUp => Method == "GET";
}

/// <summary>An answer, byte for byte. Each part is sent after its pause; at the end the connection stays open, or is cut.</summary>
internal sealed record ScriptedAnswer(params (TimeSpan After, byte[] Bytes)[] Parts)
{
    internal bool Cuts { get; init; }

    /// <summary>Passed on to the simulator, whose body comes back under another status.</summary>
    internal int? PassedOnAs { get; init; }

    /// <summary>A whole answer at once.</summary>
    /// <param name="status">Status code.</param>
    /// <param name="body">The body as text; Latin-1, so that any byte can be in it.</param>
    /// <param name="contentType">Null: none.</param>
    /// <param name="headers">More lines of the head.</param>
    internal static ScriptedAnswer Of(int status, string body = "", string? contentType = "application/json", params string[] headers)
    {
        var bytes = Encoding.Latin1.GetBytes(body);
        return new((TimeSpan.Zero, [.. Head(status, bytes.Length, contentType, headers), .. bytes]));
    }

    /// <summary>A head that promises a body, of which only a part comes.</summary>
    internal static ScriptedAnswer Stalled(int status, string part = "", int promised = 100) =>
        new((TimeSpan.Zero, Head(status, promised, "application/json")), (TimeSpan.FromMilliseconds(20), Encoding.Latin1.GetBytes(part)));

    /// <summary>Nothing at all.</summary>
    internal static ScriptedAnswer Silence { get; } = new();

    /// <summary>What is not HTTP.</summary>
    internal static ScriptedAnswer Garbage { get; } = new((TimeSpan.Zero, "\0\u0001 what is this\r\n\r\n"u8.ToArray())) { Cuts = true };

    private static byte[] Head(int status, int length, string? contentType, params string[] headers) => Encoding.Latin1.GetBytes(
        $"HTTP/1.1 {status} X\r\n{(contentType is null ? "" : $"Content-Type: {contentType}\r\n")}Content-Length: {length}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");
}

/// <summary>
/// A provider that answers by script: any status, head, body, charset, and pauses between and inside of them. Where the script has no answer it
/// passes the question on to the real simulator, if there is one.
/// </summary>
internal sealed class ScriptedProvider : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ended = new();
    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly Func<Uri>? behind;
    private readonly Task accepting;
    private readonly List<ProviderQuestion> questions = [];

    internal ScriptedProvider(Func<Uri>? behind = null)
    {
        this.behind = behind;
        listener.Start(backlog: 512);
        Address = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        accepting = AcceptAsync();
    }

    internal Uri Address { get; }

    /// <summary>The script; null passes the question on.</summary>
    internal Func<ProviderQuestion, ScriptedAnswer?> Script { get; set; } = _ => null;

    /// <summary>All that was asked so far.</summary>
    internal IReadOnlyList<ProviderQuestion> Questions
    {
        get
        {
            lock (questions)
                return [.. questions];
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
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
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
                while (await ReadAsync(stream) is { } question)
                {
                    lock (questions)
                        questions.Add(question);
                    var answer = Script(question);
                    if (answer is null or { PassedOnAs: not null })
                        answer = behind is null ? ScriptedAnswer.Of(500) : await PassOnAsync(question, answer?.PassedOnAs);
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
        catch (Exception over) when (over is IOException or SocketException or OperationCanceledException or HttpRequestException or ObjectDisposedException)
        {
            // The worker has hung up, or the simulator is away: cut is cut.
        }
    }

    private async Task<ProviderQuestion?> ReadAsync(NetworkStream stream)
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
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[headers.TryGetValue("Content-Length", out var length) ? int.Parse(length, System.Globalization.CultureInfo.InvariantCulture) : 0];
        await stream.ReadExactlyAsync(body, ended.Token);
        var first = lines[0].Split(' ');
        return new(first[0], first[1], headers, body);
    }

    private static bool EndsHead(List<byte> head) => head is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];

    private async Task<ScriptedAnswer> PassOnAsync(ProviderQuestion question, int? status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(question.Method), new Uri(behind!(), question.Path));
        if (question.Body.Length > 0)
            request.Content = new ByteArrayContent(question.Body) { Headers = { { "Content-Type", "application/json" } } };
        if (question.Headers.TryGetValue("Idempotency-Key", out var key))
            request.Headers.Add("Idempotency-Key", key);
        using var answer = await http.SendAsync(request, ended.Token);
        var body = await answer.Content.ReadAsByteArrayAsync(ended.Token);
        return ScriptedAnswer.Of(status ?? (int)answer.StatusCode, Encoding.Latin1.GetString(body), answer.Content.Headers.ContentType?.ToString());
    }
}
