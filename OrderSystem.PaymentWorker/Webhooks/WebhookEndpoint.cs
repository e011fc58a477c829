using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// <c>POST /webhooks/{provider}</c>. The signature is the authentication: it is checked over the raw body before anything is read from it.
/// 200 is answered only after the event is committed to the inbox, also for one that was there; whatever is wrong with a webhook, the
/// answer is the same 400.
/// </summary>
internal sealed partial class WebhookEndpoint(
    IWebhookFormat format, WebhookSecrets secrets, GroupCommitter committer, ApplyWebhooks webhooks, WebhookMetrics metrics,
    IOptions<GatewayOptions> options, TimeProvider time, ILogger<WebhookEndpoint> logger)
{
    internal const string Route = "/webhooks/{provider}";

    /// <summary>Largest body in bytes: an event of Stripe with its objects expanded has some tens of kilobytes.</summary>
    internal const int MaxBody = 256 * 1024;

    private const int RetryAfterSeconds = 5;

    /// <summary>A provider sends a body at once; a sender that does not must not occupy the limit of concurrent deliveries.</summary>
    private static readonly TimeSpan BodyTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan QuietFor = TimeSpan.FromMinutes(1);
    private readonly Lock guard = new();
    private long? warnedAt;
    private int rejected;

    internal static void Map(IEndpointRouteBuilder app) =>
        app.MapPost(Route, (string provider, HttpContext http, WebhookEndpoint endpoint) => endpoint.ReceiveAsync(provider, http))
            .AllowAnonymous().RequireRateLimiting(WebhooksSetup.Limit).WithMetadata(new RequestSizeLimitAttribute(MaxBody));

    private async Task<IResult> ReceiveAsync(string provider, HttpContext http)
    {
        var current = secrets.Current;
        if (current.Count == 0 || provider != options.Value.ProviderName)
        {
            return TypedResults.Problem(
                "This service accepts no webhooks of that provider.", statusCode: StatusCodes.Status404NotFound);
        }

        var (body, isComplete) = await ReadBodyAsync(http);
        var isAuthentic = format.IsAuthentic(http.Request.Headers, body, current, time.GetUtcNow());
        if (!(isAuthentic & isComplete) || Read(http, body) is not { } received)
            return Reject(provider);
        Activity.Current?.SetTag(MessagingTelemetry.OrderId, received.OrderId);
        try
        {
            var isNew = await committer.WriteAsync(StoreWebhook.Write, received);
            metrics.Received(isNew ? "stored" : "duplicate");
            if (isNew)
                webhooks.PollNow();
            return TypedResults.Ok();
        }
        catch (Exception failure) when (PostgresErrors.IsUnavailable(failure))
        {
            // Nothing is certain to be stored, so that the provider has to deliver it again.
            metrics.Received("unavailable");
            http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            return TypedResults.Problem(
                "The database is unavailable; deliver the webhook again.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>What was received of a body that is too large, too slow or breaks off is checked as well, and never complete.</summary>
    private static async Task<(ReadOnlyMemory<byte> Body, bool IsComplete)> ReadBodyAsync(HttpContext http)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(BodyTimeout);
        var body = new ArrayBufferWriter<byte>(4 * 1024);
        try
        {
            while (await http.Request.Body.ReadAsync(body.GetMemory(4 * 1024), deadline.Token) is > 0 and var count)
                body.Advance(count);
            return (body.WrittenMemory, true);
        }
        catch (Exception failure) when (failure is BadHttpRequestException or IOException or OperationCanceledException
            && !http.RequestAborted.IsCancellationRequested)
        {
            return (body.WrittenMemory, false);
        }
    }

    /// <summary>A signed body that is not in the provider's format; the provider repeats it, and shows it as failed.</summary>
    private WebhookEvent? Read(HttpContext http, ReadOnlyMemory<byte> body)
    {
        try
        {
            if (format.Read(http.Request.Headers, body) is { } received)
                return received;
        }
        catch (JsonException)
        {
            // As below.
        }

        Log.Unreadable(logger, options.Value.ProviderName);
        return null;
    }

    private ProblemHttpResult Reject(string provider)
    {
        metrics.Received("rejected");
        lock (guard)
        {
            rejected++;
            if (warnedAt is not { } since || time.GetElapsedTime(since) > QuietFor)
            {
                Log.Rejected(logger, provider, rejected);
                (warnedAt, rejected) = (time.GetTimestamp(), 0);
            }
        }

        return TypedResults.Problem("The webhook was rejected.", statusCode: StatusCodes.Status400BadRequest);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3405, Level = LogLevel.Warning,
            Message = "{Count} webhooks of {Provider} rejected: unsigned, signed with another secret, too old, too large or malformed. "
                + "Nothing was stored; the next such message follows in a minute at the earliest.")]
        internal static partial void Rejected(ILogger logger, string provider, int count);

        [LoggerMessage(EventId = 3406, Level = LogLevel.Error,
            Message = "Signed webhook of {Provider} is not in its format; the provider delivers it again.")]
        internal static partial void Unreadable(ILogger logger, string provider);
    }
}
