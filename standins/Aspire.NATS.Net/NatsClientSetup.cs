using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Net;

namespace Aspire.NATS.Net;

internal static class NatsClientSetup
{
    private const string Section = "Aspire:NATS:Net";

    public static void Add(
        IHostApplicationBuilder builder,
        string connectionName,
        object? serviceKey,
        Action<NatsClientSettings>? configureSettings,
        Func<IServiceProvider, NatsOpts, NatsOpts>? configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = ReadSettings(builder.Configuration, connectionName);
        configureSettings?.Invoke(settings);

        AddServices(builder.Services, serviceKey, services => Connect(services, connectionName, settings, configureOptions));
        if (!settings.DisableHealthChecks) AddHealthCheck(builder.Services, connectionName, serviceKey);
        if (!settings.DisableTracing) builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource("NATS.Net"));
    }

    private static NatsClientSettings ReadSettings(IConfiguration configuration, string connectionName)
    {
        var settings = new NatsClientSettings();
        var section = configuration.GetSection(Section);
        section.Bind(settings);
        section.GetSection(connectionName).Bind(settings);
        if (configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString)
            settings.ConnectionString = connectionString;
        return settings;
    }

    private static NatsConnection Connect(
        IServiceProvider services,
        string connectionName,
        NatsClientSettings settings,
        Func<IServiceProvider, NatsOpts, NatsOpts>? configureOptions)
    {
        if (string.IsNullOrEmpty(settings.ConnectionString))
        {
            throw new InvalidOperationException(
                $"The connection string '{connectionName}' is missing: set 'ConnectionStrings:{connectionName}', " +
                $"or 'ConnectionString' in the configuration section '{Section}' or '{Section}:{connectionName}'.");
        }

        var options = NatsOpts.Default with { SerializerRegistry = NatsClientDefaultSerializerRegistry.Default };
        if (services.GetService<ILoggerFactory>() is { } loggers) options = options with { LoggerFactory = loggers };
        if (configureOptions is not null) options = configureOptions(services, options);
        return new NatsConnection(options with { Url = settings.ConnectionString });
    }

    private static void AddServices(IServiceCollection services, object? serviceKey, Func<IServiceProvider, NatsConnection> connect)
    {
        if (serviceKey is null)
        {
            services.TryAddSingleton(connect);
            services.TryAddSingleton<INatsConnection>(provider => provider.GetRequiredService<NatsConnection>());
            services.TryAddSingleton<INatsClient>(provider => provider.GetRequiredService<NatsConnection>());
        }
        else
        {
            services.TryAddKeyedSingleton(serviceKey, (provider, _) => connect(provider));
            services.TryAddKeyedSingleton<INatsConnection>(
                serviceKey, (provider, key) => provider.GetRequiredKeyedService<NatsConnection>(key));
            services.TryAddKeyedSingleton<INatsClient>(
                serviceKey, (provider, key) => provider.GetRequiredKeyedService<NatsConnection>(key));
        }
    }

    private static void AddHealthCheck(IServiceCollection services, string connectionName, object? serviceKey)
    {
        var name = serviceKey is null ? "NATS" : $"NATS_{connectionName}";

        // A second registration with the same name would fail every health report.
        if (services.Any(service => service.ImplementationInstance is Registered registered && registered.Name == name)) return;
        services.AddSingleton(new Registered(name));

        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name,
            provider => new NatsHealthCheck(() => provider.GetRequiredKeyedService<INatsConnection>(serviceKey)),
            failureStatus: null,
            tags: null));
    }

    private sealed record Registered(string Name);
}
