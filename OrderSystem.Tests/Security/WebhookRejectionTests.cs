using System.Net;
using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>The endpoint for webhooks: only signed and recent ones are stored, each once, and a rejection tells nothing.</summary>
public sealed class WebhookRejectionTests(SharedSystem shared)
{
    private static readonly HttpClient Http = new();

    [Theory]
    [InlineData("unsigned")]
    [InlineData("forged")]
    [InlineData("signed for another body")]
    [InlineData("old")]
    [InlineData("replayed later")]
    [InlineData("oversized with a length")]
    [InlineData("oversized in chunks")]
    [InlineData("malformed signature")]
    [InlineData("signed, not JSON")]
    [InlineData("signed, not in the format")]
    [InlineData("compressed")]
    public async Task A_rejected_webhook_is_answered_with_the_same_400_and_nothing_is_stored(string kind)
    {
        var system = await shared.StartedAsync();
        var id = $"msg_{Guid.NewGuid():N}";
        using var rejected = await Http.SendAsync(Webhook(system, kind, id), TestContext.Current.CancellationToken);
        using var unsigned = await Http.SendAsync(Webhook(system, "unsigned", id), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, rejected.StatusCode);
        Assert.Equal(await BodyAsync(unsigned), await BodyAsync(rejected));
        Assert.Equal(0, await StoredAsync(system, id));
    }

    [Fact]
    public async Task A_signed_webhook_is_stored_once_however_often_it_is_delivered()
    {
        var system = await shared.StartedAsync();
        var (id, body) = ($"msg_{Guid.NewGuid():N}", WebhookSigner.Report(Guid.NewGuid(), "processing"));

        // Each delivery has its own time and signature, and so many at once share commits.
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            var headers = WebhookSigner.Standard(id, body, WebhookSigner.Secret, WebhookSigner.Now.AddSeconds(-i));
            using var answer = await Http.SendAsync(WebhookSigner.Request(system.Worker.Address, "http", body, headers));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }));

        Assert.Equal(1, await StoredAsync(system, id));
    }

    /// <summary>Stripe's events may be larger than any other request of this service.</summary>
    [Fact]
    public async Task A_signed_webhook_of_250_KiB_is_stored()
    {
        var system = await shared.StartedAsync();
        var (id, body) = ($"msg_{Guid.NewGuid():N}", WebhookSigner.Report(Guid.NewGuid(), "processing") + new string(' ', 250 * 1024));
        using var answer = await Http.SendAsync(
            WebhookSigner.Request(
                system.Worker.Address, "http", body, WebhookSigner.Standard(id, body, WebhookSigner.Secret, WebhookSigner.Now)),
            TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, 1), (answer.StatusCode, await StoredAsync(system, id)));
    }

    [Fact]
    public async Task Concurrent_webhooks_are_limited_with_429_until_others_have_ended()
    {
        var system = await shared.StartedAsync();
        var held = new List<RawConnection>();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                var connection = await RawConnection.OpenAsync(system.Worker.Address);
                held.Add(connection);
                await connection.SendAsync("POST /webhooks/http HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n");
            }

            // The first answers are those of the requests that no place was left for: the others wait for their bodies.
            var first = await Task.WhenAny(held.Select(connection => connection.ReadLineAsync()));
            Assert.Equal("HTTP/1.1 429 Too Many Requests", await first);
        }
        finally
        {
            held.ForEach(connection => connection.Dispose());
        }

        await Eventually.GetAsync("webhooks are accepted again", DeliverAsync, status => status == HttpStatusCode.OK);

        async Task<HttpStatusCode> DeliverAsync()
        {
            var (id, body) = ($"msg_{Guid.NewGuid():N}", WebhookSigner.Report(Guid.NewGuid(), "processing"));
            var headers = WebhookSigner.Standard(id, body, WebhookSigner.Secret, WebhookSigner.Now);
            using var answer = await Http.SendAsync(WebhookSigner.Request(system.Worker.Address, "http", body, headers));
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("stripe")]
    [InlineData("HTTP")]
    [InlineData("other")]
    public async Task Another_provider_is_not_found(string provider)
    {
        var system = await shared.StartedAsync();
        using var answer = await Http.SendAsync(
            WebhookSigner.Request(system.Worker.Address, provider, "{}", new Dictionary<string, string>(StringComparer.Ordinal)),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task An_event_about_something_else_is_ignored_and_no_body_is_kept()
    {
        var system = await shared.StartedAsync();
        var (id, body) = ($"msg_{Guid.NewGuid():N}", """{"type":"customer.updated","data":{"email":"a@example.com","id":"cus_1"}}""");
        using var answer = await Http.SendAsync(
            WebhookSigner.Request(
                system.Worker.Address, "http", body, WebhookSigner.Standard(id, body, WebhookSigner.Secret, WebhookSigner.Now)),
            TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var row = await Sql.ScalarAsync<string>(
            system.PaymentsDatabase, $"SELECT to_jsonb(w)::text FROM webhook_events w WHERE event_id = '{id}'");
        Assert.Contains("\"ignored\"", row, StringComparison.Ordinal);
        Assert.DoesNotContain("example.com", row, StringComparison.Ordinal);
        Assert.DoesNotContain("example.com", system.Worker.Output, StringComparison.Ordinal);
    }

    private static HttpRequestMessage Webhook(RunningSystem system, string kind, string id)
    {
        var body = kind switch
        {
            "signed, not JSON" => "succeeded",
            "signed, not in the format" => "[]",
            "oversized with a length" or "oversized in chunks" =>
                WebhookSigner.Report(Guid.NewGuid(), "succeeded") + new string(' ', 256 * 1024),
            _ => WebhookSigner.Report(Guid.NewGuid(), "succeeded"),
        };
        var headers = WebhookSigner.Standard(
            id, kind == "signed for another body" ? body + " " : body,
            kind is "forged" or "unsigned" ? WebhookSigner.OtherSecret : WebhookSigner.Secret,
            kind is "old" ? WebhookSigner.Now.AddMinutes(-6) : WebhookSigner.Now);
        if (kind == "replayed later")
            headers = WebhookSigner.Standard(id, body, WebhookSigner.Secret, WebhookSigner.Now.AddDays(-1));
        if (kind == "unsigned")
            headers.Clear();
        if (kind == "malformed signature")
            headers["webhook-signature"] = "v1,%%%";
        var request = WebhookSigner.Request(system.Worker.Address, "http", body, headers);
        if (kind == "oversized in chunks")
            request.Headers.TransferEncodingChunked = true;
        if (kind == "compressed")
        {
            request.Content = new ByteArrayContent(Zipped(body)) { Headers = { { "Content-Encoding", "gzip" } } };
        }

        return request;
    }

    private static byte[] Zipped(string text)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(zipped, System.IO.Compression.CompressionMode.Compress))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return zipped.ToArray();
    }

    private static async Task<string> BodyAsync(HttpResponseMessage response)
    {
        // The trace id is the request's.
        var text = await response.Content.ReadAsStringAsync();
        var at = text.IndexOf(",\"traceId\"", StringComparison.Ordinal);
        return at < 0 ? text : text[..at];
    }

    private static async Task<long> StoredAsync(RunningSystem system, string id) =>
        await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM webhook_events WHERE event_id = '{id}'");
}
