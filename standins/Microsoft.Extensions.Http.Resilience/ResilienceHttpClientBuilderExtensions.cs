using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Registry;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds resilience to an HTTP client.</summary>
public static class ResilienceHttpClientBuilderExtensions
{
    /// <summary>Adds a handler with a pipeline of its own.</summary>
    public static IHttpResiliencePipelineBuilder AddResilienceHandler(
        this IHttpClientBuilder builder, string pipelineName, Action<ResiliencePipelineBuilder<HttpResponseMessage>> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.AddResilienceHandler(pipelineName, (pipeline, _) => configure(pipeline));
    }

    /// <summary>Adds a handler with a pipeline of its own, which can use services and options.</summary>
    public static IHttpResiliencePipelineBuilder AddResilienceHandler(
        this IHttpClientBuilder builder,
        string pipelineName,
        Action<ResiliencePipelineBuilder<HttpResponseMessage>, ResilienceHandlerContext> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(pipelineName);
        ArgumentNullException.ThrowIfNull(configure);
        return AddHandler(builder, pipelineName, configure);
    }

    /// <summary>Adds the standard handler and binds its options to a section.</summary>
    public static IHttpStandardResiliencePipelineBuilder AddStandardResilienceHandler(this IHttpClientBuilder builder, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return builder.AddStandardResilienceHandler().Configure(section);
    }

    /// <summary>Adds the standard handler and sets its options.</summary>
    public static IHttpStandardResiliencePipelineBuilder AddStandardResilienceHandler(
        this IHttpClientBuilder builder, Action<HttpStandardResilienceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.AddStandardResilienceHandler().Configure(configure);
    }

    /// <summary>
    /// Adds the standard handler: rate limiter, total timeout, retry, circuit breaker, attempt timeout. The client's own timeout is
    /// switched off for it.
    /// </summary>
    /// <exception cref="OptionsValidationException">On first use, when the options contradict each other.</exception>
    public static IHttpStandardResiliencePipelineBuilder AddStandardResilienceHandler(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        var pipelineBuilder = AddHandler(builder, "standard", static (pipeline, context) =>
        {
            context.EnableReloads<HttpStandardResilienceOptions>(context.BuilderName);
            var options = context.GetOptions<HttpStandardResilienceOptions>(context.BuilderName);
            pipeline
                .AddRateLimiter(options.RateLimiter)
                .AddTimeout(options.TotalRequestTimeout)
                .AddRetry(options.Retry)
                .AddCircuitBreaker(options.CircuitBreaker)
                .AddTimeout(options.AttemptTimeout);
        });
        builder.Services.AddSingleton<IValidateOptions<HttpStandardResilienceOptions>>(
            new HttpStandardResilienceOptionsValidator(pipelineBuilder.PipelineName));
        builder.ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan);
        return pipelineBuilder;
    }

    /// <summary>Removes the resilience handlers added so far, those of the client defaults too.</summary>
    [Experimental("EXTEXP0001")]
    public static IHttpClientBuilder RemoveAllResilienceHandlers(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureAdditionalHttpMessageHandlers(static (handlers, _) =>
        {
            for (var i = handlers.Count - 1; i >= 0; i--)
            {
                if (handlers[i] is ResilienceHandler) handlers.RemoveAt(i);
            }
        });
    }

    private static PipelineBuilder AddHandler(
        IHttpClientBuilder builder, string pipeline, Action<ResiliencePipelineBuilder<HttpResponseMessage>, ResilienceHandlerContext> configure)
    {
        var name = string.IsNullOrEmpty(builder.Name) ? pipeline : $"{builder.Name}-{pipeline}";
        HttpPipelines.Add(builder.Services, new(name, configure));
        builder.AddHttpMessageHandler(services => new ResilienceHandler(Selector(services, name)));
        return new(name, builder.Services);
    }

    private static Func<HttpRequestMessage, ResiliencePipeline<HttpResponseMessage>> Selector(IServiceProvider services, string name)
    {
        var registry = services.GetRequiredService<ResiliencePipelineRegistry<HttpKey>>();
        var selectorFactory = services.GetRequiredService<IOptionsMonitor<HttpPipelineSelection>>().Get(name).SelectorFactory;
        if (selectorFactory is null)
        {
            var pipeline = registry.GetPipeline<HttpResponseMessage>(new(name, string.Empty));
            return _ => pipeline;
        }

        var select = selectorFactory(services);
        return request => registry.GetPipeline<HttpResponseMessage>(new(name, select(request)));
    }
}
