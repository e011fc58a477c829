using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.JetStream;
using OrderSystem.ServiceDefaults.Http;
using Polly;

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

        var client = builder.Services.AddHttpClient(PaymentGatewayClient.Name, (services, http) =>
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
        client.AddResilienceHandler(PaymentGatewayClient.Name, (pipeline, context) => AddStrategies(
            pipeline, context.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value,
            context.ServiceProvider.GetRequiredService<ProviderHealth>(), context.ServiceProvider.GetRequiredService<RetryBudget>(),
            context.ServiceProvider.GetRequiredService<TimeProvider>()));
        client.AddHttpMessageHandler<ProviderAttempt>();
        builder.Services.AddTransient<ProviderAttempt>();
        builder.Services.AddSingleton<PaymentGatewayClient>();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<ProviderCredentials>();
        builder.Services.AddSingleton<ProviderHealth>();
        builder.Services.AddSingleton<RetryBudget>();
    }

    private static void AddStrategies(
        ResiliencePipelineBuilder<HttpResponseMessage> pipeline, GatewayOptions options, ProviderHealth provider, RetryBudget budget, TimeProvider time)
    {
        pipeline.TimeProvider = new SteadyTime(time);
        pipeline.AddTimeout(new HttpTimeoutStrategyOptions { Timeout = options.TotalTimeout })
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,

                // The last attempt is asked about too, and nothing comes after it.
                ShouldHandle = arguments => ValueTask.FromResult(
                    Asked(arguments.Context) is { } asked && MayBeRepeated(asked, options, time) && arguments.AttemptNumber < options.Retries && budget.TrySpend()),
            })
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = options.Breaker.FailureRatio,
                MinimumThroughput = options.Breaker.MinimumCalls,
                SamplingDuration = options.Breaker.Window,
                BreakDurationGenerator = arguments => ValueTask.FromResult(BreakDuration(options.Breaker, arguments.HalfOpenAttempts)),

                // A caller that is gone says nothing of the provider.
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is not OperationCanceledException && Asked(arguments.Context)?.Last is { } last && IsFailure(last)),
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
    }

    private static TimeSpan BreakDuration(GatewayOptions.BreakerOptions breaker, int failedProbes) =>
        TimeSpan.FromTicks(Math.Min(breaker.BreakDuration.Ticks << Math.Min(failedProbes, 10), breaker.MaxBreakDuration.Ticks));

    private static ProviderRequest? Asked(ResilienceContext context) => ProviderRequest.Of(context.GetRequestMessage());

    /// <summary>What may be another answer in a moment, when the provider does not want to be left alone for longer than this call may take.</summary>
    private static bool MayBeRepeated(ProviderRequest asked, GatewayOptions options, TimeProvider time) => asked.Last is { } last
        && last.Failure is ProviderFailure.Timeout or ProviderFailure.ConnectionLost or ProviderFailure.Connection
            or ProviderFailure.ServerError or ProviderFailure.RateLimit or ProviderFailure.KeyInUse
        && time.GetElapsedTime(asked.StartedAt) + (last.RetryAfter ?? TimeSpan.Zero) < options.TotalTimeout;

    private static bool IsFailure(ChargeOutcome outcome) => !outcome.IsAnswer && outcome.Failure != ProviderFailure.KeyInUse;
}
