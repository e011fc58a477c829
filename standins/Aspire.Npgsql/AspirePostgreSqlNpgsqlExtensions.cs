using Aspire.Npgsql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds PostgreSQL data sources with health check, traces and metrics.</summary>
public static class AspirePostgreSqlNpgsqlExtensions
{
    private const string Section = "Aspire:Npgsql";

    /// <summary>Registers the <see cref="NpgsqlDataSource"/> of a connection, and <see cref="NpgsqlConnection"/>s from it.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="connectionName">The name of the connection string.</param>
    /// <param name="configureSettings">Changes what configuration says.</param>
    /// <param name="configureDataSourceBuilder">Configures the data source, after the connection string.</param>
    /// <exception cref="InvalidOperationException">When the data source is first resolved and there is no connection string.</exception>
    public static void AddNpgsqlDataSource(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NpgsqlSettings>? configureSettings = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null) =>
        Add(builder, connectionName, serviceKey: null, configureSettings, configureDataSourceBuilder);

    /// <summary>As <see cref="AddNpgsqlDataSource"/>, under the key <paramref name="name"/>.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="name">The service key, and the name of the connection string.</param>
    /// <param name="configureSettings">Changes what configuration says.</param>
    /// <param name="configureDataSourceBuilder">Configures the data source, after the connection string.</param>
    /// <exception cref="InvalidOperationException">When the data source is first resolved and there is no connection string.</exception>
    public static void AddKeyedNpgsqlDataSource(
        this IHostApplicationBuilder builder,
        string name,
        Action<NpgsqlSettings>? configureSettings = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null) =>
        Add(builder, name, serviceKey: name, configureSettings, configureDataSourceBuilder);

    private static void Add(
        IHostApplicationBuilder builder,
        string connectionName,
        object? serviceKey,
        Action<NpgsqlSettings>? configureSettings,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = ReadSettings(builder.Configuration, connectionName);
        configureSettings?.Invoke(settings);

        AddServices(builder.Services, connectionName, serviceKey, settings, configureDataSourceBuilder);
        if (!settings.DisableHealthChecks) AddHealthCheck(builder.Services, connectionName, serviceKey);
        if (!settings.DisableTracing) builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource("Npgsql"));
        if (!settings.DisableMetrics) builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Npgsql"));
    }

    private static NpgsqlSettings ReadSettings(IConfiguration configuration, string connectionName)
    {
        var settings = new NpgsqlSettings();
        var section = configuration.GetSection(Section);
        section.Bind(settings);
        section.GetSection(connectionName).Bind(settings);
        if (configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString) settings.ConnectionString = connectionString;
        return settings;
    }

    private static void AddServices(
        IServiceCollection services,
        string connectionName,
        object? serviceKey,
        NpgsqlSettings settings,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder)
    {
        NpgsqlDataSource Create(IServiceProvider provider)
        {
            if (string.IsNullOrEmpty(settings.ConnectionString))
            {
                throw new InvalidOperationException(
                    $"The connection string '{connectionName}' is missing: set 'ConnectionStrings:{connectionName}', " +
                    $"or 'ConnectionString' in the configuration section '{Section}' or '{Section}:{connectionName}'.");
            }

            var dataSourceBuilder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
            dataSourceBuilder.UseLoggerFactory(provider.GetService<ILoggerFactory>());
            configureDataSourceBuilder?.Invoke(dataSourceBuilder);
            return dataSourceBuilder.Build();
        }

        if (serviceKey is null)
        {
            services.TryAddSingleton(Create);
            services.TryAddTransient(provider => provider.GetRequiredService<NpgsqlDataSource>().CreateConnection());
        }
        else
        {
            services.TryAddKeyedSingleton(serviceKey, (provider, _) => Create(provider));
            services.TryAddKeyedTransient(serviceKey, (provider, key) => provider.GetRequiredKeyedService<NpgsqlDataSource>(key).CreateConnection());
        }
    }

    private static void AddHealthCheck(IServiceCollection services, string connectionName, object? serviceKey)
    {
        var name = serviceKey is null ? "PostgreSql" : $"PostgreSql_{connectionName}";

        // A second registration of the same name would make every report fail.
        if (services.Any(service => service.ImplementationInstance is Registered registered && registered.Name == name)) return;
        services.AddSingleton(new Registered(name));

        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name,
            provider => new NpgsqlHealthCheck(() => provider.GetRequiredKeyedService<NpgsqlDataSource>(serviceKey)),
            failureStatus: null,
            tags: null));
    }

    private sealed record Registered(string Name);
}
