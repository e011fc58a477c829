using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>A pipeline of a client, to be configured further.</summary>
public interface IHttpResiliencePipelineBuilder
{
    /// <summary>The client's name and the pipeline's.</summary>
    string PipelineName { get; }

    /// <summary>The services of the host.</summary>
    IServiceCollection Services { get; }
}

/// <summary>The standard pipeline of a client, to be configured further.</summary>
public interface IHttpStandardResiliencePipelineBuilder
{
    /// <summary>The client's name and the pipeline's; also the name of its options.</summary>
    string PipelineName { get; }

    /// <summary>The services of the host.</summary>
    IServiceCollection Services { get; }
}

internal sealed record PipelineBuilder(string PipelineName, IServiceCollection Services)
    : IHttpResiliencePipelineBuilder, IHttpStandardResiliencePipelineBuilder;
