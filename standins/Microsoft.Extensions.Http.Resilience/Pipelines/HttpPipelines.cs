using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>A pipeline of a client; one for each value of its selector.</summary>
internal readonly record struct HttpKey(string Name, string InstanceName);

internal sealed record HttpPipelineRegistration(
    string Name,
    Action<ResiliencePipelineBuilder<HttpResponseMessage>, ResilienceHandlerContext> Configure);

/// <summary>How a pipeline instance is chosen by the request.</summary>
internal sealed class HttpPipelineSelection
{
    public Func<IServiceProvider, Func<HttpRequestMessage, string>>? SelectorFactory { get; set; }
}

/// <summary>
/// All pipelines of a host. They outlive the handlers, which the client factory replaces every two minutes: a breaker keeps its state.
/// </summary>
internal static class HttpPipelines
{
    public static void Add(IServiceCollection services, HttpPipelineRegistration registration)
    {
        services.AddSingleton(registration);
        services.TryAddSingleton(CreateRegistry);
    }

    private static ResiliencePipelineRegistry<HttpKey> CreateRegistry(IServiceProvider services)
    {
        var telemetry = new PollyTelemetry(services.GetService<ILoggerFactory>());
        var registry = new ResiliencePipelineRegistry<HttpKey>(new ResiliencePipelineRegistryOptions<HttpKey>
        {
            BuilderFactory = () => new ResiliencePipelineBuilder { TelemetryListener = telemetry },
            BuilderComparer = new ByName(),
            BuilderNameFormatter = key => key.Name,
            InstanceNameFormatter = key => key.InstanceName,
        });
        foreach (var registration in services.GetServices<HttpPipelineRegistration>())
        {
            registry.TryAddBuilder<HttpResponseMessage>(
                new(registration.Name, string.Empty),
                (builder, context) => registration.Configure(builder, new ResilienceHandlerContext(services, context)));
        }

        return registry;
    }

    private sealed class ByName : IEqualityComparer<HttpKey>
    {
        public bool Equals(HttpKey x, HttpKey y) => string.Equals(x.Name, y.Name, StringComparison.Ordinal);

        public int GetHashCode(HttpKey obj) => obj.Name.GetHashCode(StringComparison.Ordinal);
    }
}
