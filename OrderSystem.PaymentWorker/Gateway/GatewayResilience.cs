using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults.Http;
using Polly;
using Polly.Timeout;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Total timeout → retry → circuit breaker → attempt timeout → all of the answer. It is the only layer that repeats a call, and every call carries a key.</summary>
internal static class GatewayResilience
{
    internal static void AddPaymentGateway(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section)
            .ValidateDataAnnotations()
            .Validate(
                options => options.GatewayUrl is not { } url || (url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)),
                "Payments__GatewayUrl must be an absolute http or https address, such as http://localhost:5090.")
            .Validate<IOptions<JetStreamOptions>>(
                (options, jetStream) => options.TotalTimeout < jetStream.Value.AckWait,
                "Payments__TotalTimeout must be shorter than JetStream__AckWait: an order would be delivered again while it is being charged.")
            .ValidateOnStart();

        var client = builder.Services.AddHttpClient<PaymentGatewayClient>((services, http) =>
        {
            http.BaseAddress = services.GetRequiredService<IOptions<GatewayOptions>>().Value.GatewayUrl;
            http.Timeout = Timeout.InfiniteTimeSpan;
        });
        client.ConfigurePrimaryHttpMessageHandler(services => new SocketsHttpHandler
        {
            ConnectTimeout = services.GetRequiredService<IOptions<GatewayOptions>>().Value.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        });

        // Each call has its span and its row; what the factory would log beside them is filtered anyway, and opens a scope for each call.
        client.RemoveAllLoggers();
        client.RemoveHttpClientDefaults();
        client.AddResilienceHandler("payment-gateway", (pipeline, context) => AddStrategies(
            pipeline, context.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value,
            context.ServiceProvider.GetRequiredService<ProviderHealth>(), context.ServiceProvider.GetRequiredService<RetryBudget>()));
        client.AddHttpMessageHandler(services => new ProviderCallRecorder(services.GetRequiredService<PaymentMetrics>(), services.GetRequiredService<TimeProvider>()));
        client.AddHttpMessageHandler(() => new ResponseBuffer());
        builder.Services.AddSingleton<ProviderHealth>();
        builder.Services.AddSingleton<RetryBudget>();
    }

    private static void AddStrategies(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, GatewayOptions options, ProviderHealth provider, RetryBudget budget) => pipeline
        .AddTimeout(new HttpTimeoutStrategyOptions { Timeout = options.TotalTimeout })
        .AddRetry(new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = options.Retries,
            Delay = options.RetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,

            // The last attempt is asked about too, and nothing comes after it.
            ShouldHandle = arguments => ValueTask.FromResult(MayBeRepeated(arguments.Outcome) && arguments.AttemptNumber < options.Retries && budget.TrySpend()),
        })
        .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
        {
            FailureRatio = options.Breaker.FailureRatio,
            MinimumThroughput = options.Breaker.MinimumCalls,
            SamplingDuration = options.Breaker.Window,
            BreakDurationGenerator = arguments => ValueTask.FromResult(BreakDuration(options.Breaker, arguments.HalfOpenAttempts)),
            ShouldHandle = arguments => ValueTask.FromResult(IsFailure(arguments.Outcome)),
            OnOpened = arguments =>
            {
                provider.Opened(arguments.BreakDuration);
                return ValueTask.CompletedTask;
            },
            OnClosed = _ =>
            {
                provider.Closed();
                return ValueTask.CompletedTask;
            },
        })
        .AddTimeout(new HttpTimeoutStrategyOptions { Timeout = options.AttemptTimeout });

    private static TimeSpan BreakDuration(GatewayOptions.BreakerOptions breaker, int failedProbes) =>
        TimeSpan.FromTicks(Math.Min(breaker.BreakDuration.Ticks << Math.Min(failedProbes, 10), breaker.MaxBreakDuration.Ticks));

    private static bool MayBeRepeated(Outcome<HttpResponseMessage> outcome) => IsFailure(outcome) || outcome.Result?.StatusCode
        is HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or (HttpStatusCode)425 or HttpStatusCode.TooManyRequests;

    private static bool IsFailure(Outcome<HttpResponseMessage> outcome) => outcome.Exception is HttpRequestException or TimeoutRejectedException
        || outcome.Result?.StatusCode >= HttpStatusCode.InternalServerError;
}
