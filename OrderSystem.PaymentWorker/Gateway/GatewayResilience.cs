using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.JetStream;
using OrderSystem.ServiceDefaults.Http;
using Polly;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// The pipeline of the provider's client: total timeout → retry → circuit breaker → attempt timeout → buffered response. No other
/// layer retries a call, and every charge and refund carries an idempotency key.
/// </summary>
internal static class GatewayResilience
{
    internal static void AddPaymentGateway(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section)
            .ValidateDataAnnotations()
            .Validate<IOptions<JetStreamOptions>>(
                (options, jetStream) => options.TotalTimeout < jetStream.Value.AckWait,
                "Payments__TotalTimeout must be shorter than JetStream__AckWait, or an order is redelivered while it is being charged.")
            .ValidateOnStart();

        var client = builder.Services.AddHttpClient(ProviderPipeline.Name);
        client.ConfigurePrimaryHttpMessageHandler(services => new SocketsHttpHandler
        {
            ConnectTimeout = services.GetRequiredService<IOptions<GatewayOptions>>().Value.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        });

        // Each call already has a span and a row; the factory's log messages are filtered anyway, and would open a scope for each call.
        client.RemoveAllLoggers();
        client.RemoveHttpClientDefaults();
        client.AddResilienceHandler(ProviderPipeline.Name, (pipeline, context) => AddStrategies(
            pipeline, context.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value,
            context.ServiceProvider.GetRequiredService<ProviderHealth>(), context.ServiceProvider.GetRequiredService<RetryBudget>(),
            context.ServiceProvider.GetRequiredService<TimeProvider>()));
        client.AddHttpMessageHandler<ProviderAttempt>();
        builder.Services.AddTransient<ProviderAttempt>();
        builder.Services.AddSingleton<ProviderPipeline>();

        // By the bare setting: commands that need no provider run without valid options.
        if (new GatewayOptions { Provider = builder.Configuration[$"{GatewayOptions.Section}:Provider"] ?? "" }.IsStripe)
            builder.Services.AddSingleton<IPaymentProvider, StripeProvider>();
        else
            builder.Services.AddSingleton<IPaymentProvider, HttpProvider>();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<ProviderCredentials>();
        builder.Services.AddSingleton<ProviderHealth>();
        builder.Services.AddSingleton<RetryBudget>();
    }

    private static void AddStrategies(
        ResiliencePipelineBuilder<HttpResponseMessage> pipeline, GatewayOptions options,
        ProviderHealth provider, RetryBudget budget, TimeProvider time)
    {
        pipeline.TimeProvider = new MonotonicTimeProvider(time);
        pipeline.AddTimeout(new HttpTimeoutStrategyOptions { Timeout = options.TotalTimeout })
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,

                // Polly also evaluates this after the last attempt, which must not spend the budget.
                ShouldHandle = arguments => ValueTask.FromResult(
                    RequestOf(arguments.Context) is { } request && IsRetryable(request, options, time)
                    && arguments.AttemptNumber < options.Retries && budget.TrySpend()),
            })
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = options.Breaker.FailureRatio,
                MinimumThroughput = options.Breaker.MinimumCalls,
                SamplingDuration = options.Breaker.Window,
                BreakDurationGenerator = arguments => ValueTask.FromResult(BreakDuration(options.Breaker, arguments.HalfOpenAttempts)),

                // A call that its caller cancelled says nothing about the provider.
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is not OperationCanceledException
                    && RequestOf(arguments.Context)?.Last is { } last && IsFailure(last)),
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

    private static ProviderRequest? RequestOf(ResilienceContext context) => ProviderRequest.Of(context.GetRequestMessage());

    /// <summary>Whether a retry may succeed, and the provider's Retry-After ends within the total timeout.</summary>
    private static bool IsRetryable(ProviderRequest request, GatewayOptions options, TimeProvider time) => request.Last is { } last
        && last.Failure is ProviderFailure.Timeout or ProviderFailure.ConnectionLost or ProviderFailure.Connection
            or ProviderFailure.ServerError or ProviderFailure.RateLimit or ProviderFailure.KeyInUse
        && time.GetElapsedTime(request.StartedAt) + (last.RetryAfter ?? TimeSpan.Zero) < options.TotalTimeout;

    private static bool IsFailure(ChargeOutcome outcome) => !outcome.IsAnswer
        && outcome.Failure is not (ProviderFailure.KeyInUse or ProviderFailure.KeyReused);
}
