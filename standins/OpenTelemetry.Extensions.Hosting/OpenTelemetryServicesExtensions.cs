using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the OpenTelemetry SDK to a host.</summary>
public static class OpenTelemetryServicesExtensions
{
    /// <summary>
    /// Registers the SDK; its providers are created when the host starts and flushed and disposed with it. May be called
    /// any number of times: all calls configure the same providers.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <returns>A builder for the signals to collect.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services)
    {
        var builder = new OpenTelemetryBuilder(services);

        // First in the list, so that spans of other hosted services' StartAsync are already recorded.
        if (!services.Any(service => service.ImplementationType == typeof(TelemetryHostedService)))
        {
            services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryHostedService>());
        }

        return builder;
    }
}
