using System.Globalization;
using System.Text;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>
/// Generates requests that are nearly valid: the route, its parameters, its headers and its body, each mutated now and then.
/// </summary>
internal sealed class HttpRequestGenerator(IReadOnlyList<HttpOperation> operations, IReadOnlyList<Guid> orders)
{
    private static readonly string[] Methods =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "A"];

    private static readonly string[] ContentTypes =
    [
        "text/plain", "application/xml", "application/json; charset=utf-16", "application/json; charset=odd", "application/problem+json",
        "multipart/form-data; boundary=x", "application/json, text/plain", "", "/",
    ];

    private static readonly string[] HeaderNames =
    [
        "Idempotency-Key", "X-Operator", "Authorization", "Accept", "Accept-Encoding", "Accept-Language",
        "Content-Encoding", "Cookie", "Expect", "Forwarded", "If-Match",
        "If-Modified-Since", "Max-Forwards", "Origin",
        "Range", "Referer", "TE", "Trailer", "traceparent", "tracestate", "baggage",
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Original-URL", "X-Request-Id",
    ];

    /// <summary>The value of the Authorization header; null without one.</summary>
    internal Func<string?> Authorization { get; init; } = () => null;

    /// <returns>The bytes, and whether they are a complete request that must get a response.</returns>
    internal (byte[] Bytes, bool IsWhole) Next(Random random)
    {
        var operation = random.OneOf(operations);
        var body = BodyOf(random, operation);
        var head = new StringBuilder();
        head.Append(random.Hits(0.9) ? operation.Method : random.OneOf(Methods))
            .Append(' ').Append(TargetOf(random, operation)).Append(" HTTP/1.1\r\n");
        head.Append("Host: ").Append(random.Hits(0.97) ? "localhost" : Header(random)).Append("\r\nConnection: close\r\n");
        if (Authorization() is { } authorization && random.Hits(0.9))
            head.Append("Authorization: ").Append(random.Hits(0.9) ? authorization : Mangled(random, authorization)).Append("\r\n");
        if (body is not null)
            head.Append("Content-Type: ").Append(random.Hits(0.92) ? "application/json" : random.OneOf(ContentTypes)).Append("\r\n");
        if (random.Hits(0.5))
            head.Append("X-Operator: fuzz\r\n");
        for (var more = random.Next(0, 3); more > 0; more--)
            head.Append(random.OneOf(HeaderNames)).Append(": ").Append(Header(random)).Append("\r\n");
        return Frame(random, head, body);
    }

    private string TargetOf(Random random, HttpOperation operation)
    {
        var path = operation.Path;
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "path"))
            path = path.Replace($"{{{parameter.Name}}}", Value(random, parameter.Name), StringComparison.Ordinal);
        if (random.Hits(0.05))
            path += random.OneOf(
            [
                "/", "//", "/..", "/../..", "%2f..", ";a=b", "/.", "%00",
                "/" + Uri.EscapeDataString(WellFormed(HostileValues.Text(random))),
            ]);
        var query = operation.Parameters.Where(parameter => parameter.In == "query" && random.Hits(0.4))
            .Select(parameter => $"{parameter.Name}={Value(random, parameter.Name)}").ToList();
        if (random.Hits(0.1))
            query.Add(random.OneOf(
            [
                "", "&&", "=", "a", "%", "limit", "limit=1&limit=2", "status[]=paid",
                Uri.EscapeDataString(WellFormed(HostileValues.Text(random))),
            ]));
        var target = query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";

        // A target that exceeds the limit of a request line gets 414, which does not reach the routes.
        return target.Length > 7_000 ? target[..7_000].TrimEnd('%') : target;
    }

    private string Value(Random random, string name) => random.Hits(0.3)
        ? Uri.EscapeDataString(WellFormed(HostileValues.Text(random)))
        : name switch
        {
            "id" or "orderId" => random.Hits(0.7) ? random.OneOf(orders).ToString() : Guid.NewGuid().ToString(),
            "sequence" or "limit" or "cursor" => random.Next(1, 250).ToString(CultureInfo.InvariantCulture),
            "status" => random.OneOf(["pending", "paid", "cancelled"]),
            "missing" or "dryRun" => "true",

            // A low rate would make the response slow as requested, which would look like a hang.
            "rate" => "10000",
            "since" => "2026-01-31T12:00:00Z",
            _ => "c-17",
        };

    private static byte[]? BodyOf(Random random, HttpOperation operation)
    {
        if (operation.Body is null && random.Hits(0.95))
            return null;
        var text = JsonMutator.Write(random, operation.Body, random.OneOf([0, 0, 0.05, 0.3]));
        return JsonMutator.Encode(random, text.Replace("\"rate\":", "\"Rate\":", StringComparison.Ordinal));
    }

    private static (byte[] Bytes, bool IsWhole) Frame(Random random, StringBuilder head, byte[]? body)
    {
        if (body is null)
            return (Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), true);
        var start = (string framing) => Encoding.Latin1.GetBytes($"{head}{framing}\r\n\r\n");
        return random.Next(20) switch
        {
            0 => ([.. start($"Content-Length: {body.Length + random.Next(1, 10_000)}"), .. body], false),
            1 => ([.. start($"Content-Length: {random.OneOf(["-1", "x", "99999999999999999999", "0x10", "1, 2", ""])}"), .. body], false),
            2 => ([.. start($"Transfer-Encoding: {random.OneOf(["gzip", "chunked, gzip", "identity", "x"])}"), .. body], false),
            3 => (
                [
                    .. start("Transfer-Encoding: chunked"),
                    .. Encoding.Latin1.GetBytes($"{random.OneOf(["zz", "-1", "ffffffffffff", "5;a=b"])}\r\n"), .. body,
                ],
                false),
            4 => ([.. start($"Content-Length: {body.Length}\r\nTransfer-Encoding: chunked"), .. body], false),
            5 or 6 => ([.. start("Transfer-Encoding: chunked"), .. Chunks(random, body)], true),
            _ => ([.. start($"Content-Length: {body.Length}"), .. body], true),
        };
    }

    private static byte[] Chunks(Random random, byte[] body)
    {
        var chunks = new List<byte>();
        foreach (var chunk in body.Chunk(random.Next(1, 2_000)))
            chunks.AddRange([.. Encoding.Latin1.GetBytes($"{chunk.Length:x}\r\n"), .. chunk, .. "\r\n"u8]);
        return [.. chunks, .. "0\r\n\r\n"u8];
    }

    private static string Header(Random random) => HostileValues.Line(random) is { Length: <= 4_000 } value ? value : "x";

    private static string Mangled(Random random, string authorization) =>
        Encoding.Latin1.GetString(HostileValues.Bytes(random, Encoding.Latin1.GetBytes(authorization)))
            .Replace('\r', ' ').Replace('\n', ' ').Replace('\0', ' ');

    /// <summary>Replaces unpaired surrogates, which cannot be escaped.</summary>
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
