using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Gives each kind of request a pipeline instance of its own.</summary>
public static class HttpResiliencePipelineBuilderExtensions
{
    /// <summary>One instance for each scheme, host and port.</summary>
    public static IHttpResiliencePipelineBuilder SelectPipelineByAuthority(this IHttpResiliencePipelineBuilder builder) =>
        builder.SelectPipelineBy(PipelineSelectors.ByAuthority);

    /// <summary>One instance for each value of the selector.</summary>
    public static IHttpResiliencePipelineBuilder SelectPipelineBy(
        this IHttpResiliencePipelineBuilder builder, Func<IServiceProvider, Func<HttpRequestMessage, string>> selectorFactory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        PipelineSelectors.Use(builder.Services, builder.PipelineName, selectorFactory);
        return builder;
    }
}

internal static class PipelineSelectors
{
    public static Func<IServiceProvider, Func<HttpRequestMessage, string>> ByAuthority { get; } = static _ => static request =>
        request.RequestUri?.GetLeftPart(UriPartial.Authority)
        ?? throw new InvalidOperationException("The request has no URI to select a resilience pipeline by.");

    public static void Use(IServiceCollection services, string pipelineName, Func<IServiceProvider, Func<HttpRequestMessage, string>> selectorFactory)
    {
        ArgumentNullException.ThrowIfNull(selectorFactory);
        services.Configure<HttpPipelineSelection>(pipelineName, selection => selection.SelectorFactory = selectorFactory);
    }
}
