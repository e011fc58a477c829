using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Configures the standard pipeline of a client.</summary>
public static class HttpStandardResiliencePipelineBuilderExtensions
{
    /// <summary>Binds the options to a section; the pipeline is built anew when it changes. A key without a property is an error.</summary>
    public static IHttpStandardResiliencePipelineBuilder Configure(this IHttpStandardResiliencePipelineBuilder builder, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(section);
        builder.Services.Configure<HttpStandardResilienceOptions>(builder.PipelineName, section, binder => binder.ErrorOnUnknownConfiguration = true);
        return builder;
    }

    /// <summary>Sets the options.</summary>
    public static IHttpStandardResiliencePipelineBuilder Configure(
        this IHttpStandardResiliencePipelineBuilder builder, Action<HttpStandardResilienceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.Configure((options, _) => configure(options));
    }

    /// <summary>Sets the options with the help of services.</summary>
    public static IHttpStandardResiliencePipelineBuilder Configure(
        this IHttpStandardResiliencePipelineBuilder builder, Action<HttpStandardResilienceOptions, IServiceProvider> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.AddOptions<HttpStandardResilienceOptions>(builder.PipelineName).Configure(configure);
        return builder;
    }

    /// <summary>One instance for each scheme, host and port.</summary>
    public static IHttpStandardResiliencePipelineBuilder SelectPipelineByAuthority(this IHttpStandardResiliencePipelineBuilder builder) =>
        builder.SelectPipelineBy(PipelineSelectors.ByAuthority);

    /// <summary>One instance for each value of the selector.</summary>
    public static IHttpStandardResiliencePipelineBuilder SelectPipelineBy(
        this IHttpStandardResiliencePipelineBuilder builder, Func<IServiceProvider, Func<HttpRequestMessage, string>> selectorFactory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        PipelineSelectors.Use(builder.Services, builder.PipelineName, selectorFactory);
        return builder;
    }
}
