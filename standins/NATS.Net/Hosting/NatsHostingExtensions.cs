using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace NATS.Client.Hosting;

public static class NatsHostingExtensions
{
    /// <summary>Registers <see cref="NatsConnection"/>, <see cref="INatsConnection"/> and <see cref="INatsClient"/> as one singleton, with the application's loggers.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="poolSize">Only 1 is supported.</param>
    /// <param name="configureOpts">Gets the options, returns what to use.</param>
    /// <param name="configureConnection">Called once with the new connection.</param>
    /// <param name="key">Registers keyed services instead.</param>
    /// <exception cref="NotSupportedException">A pool of more than one connection.</exception>
    public static IServiceCollection AddNats(this IServiceCollection services, int poolSize = 1, Func<NatsOpts, NatsOpts>? configureOpts = null, Action<NatsConnection>? configureConnection = null, object? key = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (poolSize != 1)
            throw new NotSupportedException($"{nameof(AddNats)} with {nameof(poolSize)} {poolSize}");

        services.TryAddKeyedSingleton(key, (provider, _) =>
        {
            var opts = NatsOpts.Default with { LoggerFactory = provider.GetRequiredService<ILoggerFactory>() };
            var connection = new NatsConnection(configureOpts?.Invoke(opts) ?? opts);
            configureConnection?.Invoke(connection);
            return connection;
        });
        services.TryAddKeyedSingleton<INatsConnection>(key, (provider, _) => provider.GetRequiredKeyedService<NatsConnection>(key));
        services.TryAddKeyedSingleton<INatsClient>(key, (provider, _) => provider.GetRequiredKeyedService<NatsConnection>(key));
        return services;
    }
}
