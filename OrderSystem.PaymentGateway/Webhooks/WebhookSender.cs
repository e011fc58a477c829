using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentGateway.Webhooks;

/// <summary>
/// Delivers webhooks, each by itself, and repeats a delivery with backoff until it is answered with 2xx, for a day. They are kept in
/// memory: a restart forgets those of charges that were never being processed.
/// </summary>
internal sealed partial class WebhookSender(
    IHttpClientFactory clients, FaultInjector faults, CallCounter counter, IOptions<WebhookOptions> options, TimeProvider time,
    ILogger<WebhookSender> logger) : BackgroundService
{
    private const string ClientName = "webhooks";
    private const int Concurrent = 32;
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromDays(1);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Channel<(Webhook Webhook, DateTimeOffset At)> queue =
        Channel.CreateUnbounded<(Webhook, DateTimeOffset)>(new() { SingleReader = true });

    private readonly ConcurrentDictionary<Task, byte> running = [];
    private readonly SemaphoreSlim slots = new(Concurrent);

    public static void AddTo(WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<WebhookOptions>().BindConfiguration("Webhooks").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddHttpClient(ClientName, http => http.Timeout = TimeSpan.FromSeconds(10)).RemoveHttpClientDefaults()
            .RemoveAllLoggers();
        builder.Services.AddSingleton<WebhookSender>();
        builder.Services.AddHostedService(services => services.GetRequiredService<WebhookSender>());
    }

    public bool IsEnabled => options.Value.Url is not null;

    /// <summary>Delivers a webhook at this time or, with the faults of that time, later, twice or never.</summary>
    public void Send(Webhook webhook, DateTimeOffset at)
    {
        if (IsEnabled) queue.Writer.TryWrite((webhook, at));
    }

    public override void Dispose()
    {
        slots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var (webhook, at) in queue.Reader.ReadAllAsync(stoppingToken))
            {
                var run = RunAsync(webhook, at, stoppingToken);
                running.TryAdd(run, 0);
                _ = run.ContinueWith(ended => running.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running.Keys);
        }
    }

    private async Task RunAsync(Webhook webhook, DateTimeOffset at, CancellationToken stopping)
    {
        try
        {
            await WaitAsync(at - time.GetUtcNow(), stopping);
            if (faults.LosesWebhook())
            {
                counter.Count(CallOutcome.WebhookLost);
                return;
            }

            var first = DeliverAsync(webhook, stopping);
            if (faults.DoublesWebhook()) await DeliverAsync(webhook, stopping);
            await first;
        }
        catch (OperationCanceledException)
        {
            // The process is stopping.
        }
    }

    private async Task DeliverAsync(Webhook webhook, CancellationToken stopping)
    {
        await WaitAsync(faults.WebhookDelay(), stopping);
        var since = time.GetTimestamp();
        for (var wait = FirstWait; !await TryAsync(webhook, stopping); wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            counter.Count(CallOutcome.WebhookRefused);
            if (time.GetElapsedTime(since) > GivesUpAfter)
            {
                Log.GivenUp(logger, webhook.Id);
                return;
            }

            await WaitAsync(wait, stopping);
        }

        counter.Count(CallOutcome.WebhookDelivered);
    }

    private async Task<bool> TryAsync(Webhook webhook, CancellationToken stopping)
    {
        await slots.WaitAsync(stopping);
        try
        {
            using var http = clients.CreateClient(ClientName);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{options.Value.Url!.OriginalString.TrimEnd('/')}/{webhook.Api}")
            {
                Content = new ByteArrayContent(webhook.Body) { Headers = { ContentType = Json } },
            };
            WebhookSignature.AddTo(request, webhook, options.Value, time.GetUtcNow(), isWrong: faults.SignsWebhookWrongly());
            using var response = await http.SendAsync(request, stopping);
            return response.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            slots.Release();
        }
    }

    private Task WaitAsync(TimeSpan wait, CancellationToken stopping) =>
        wait > TimeSpan.Zero ? Task.Delay(wait, time, stopping) : Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "Webhook {Id} was not accepted for a day; it is given up.")]
        public static partial void GivenUp(ILogger logger, string id);
    }
}
