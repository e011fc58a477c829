using Aspire.NATS.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds NATS connections with a health check and tracing.</summary>
/// <remarks>
/// Resolving a connection without a connection string throws an <see cref="InvalidOperationException"/>. <c>configureOptions</c> cannot
/// change the URL, which is applied after it.
/// </remarks>
public static class AspireNatsClientExtensions
{
    /// <summary>
    /// Registers <see cref="NatsConnection"/>, <see cref="INatsConnection"/> and <see cref="INatsClient"/> as one singleton.
    /// </summary>
    public static void AddNatsClient(this IHostApplicationBuilder builder, string connectionName) =>
        NatsClientSetup.Add(builder, connectionName, serviceKey: null, configureSettings: null, configureOptions: null);

    /// <inheritdoc cref="AddNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddNatsClient(
        this IHostApplicationBuilder builder, string connectionName, Action<NatsClientSettings>? configureSettings) =>
        NatsClientSetup.Add(builder, connectionName, serviceKey: null, configureSettings, configureOptions: null);

    /// <inheritdoc cref="AddNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddNatsClient(
        this IHostApplicationBuilder builder, string connectionName, Func<NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, connectionName, serviceKey: null, configureSettings: null, WithoutServices(configureOptions));

    /// <inheritdoc cref="AddNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddNatsClient(
        this IHostApplicationBuilder builder, string connectionName, Func<IServiceProvider, NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, connectionName, serviceKey: null, configureSettings: null, configureOptions);

    /// <inheritdoc cref="AddNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddNatsClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NatsClientSettings>? configureSettings,
        Func<NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, connectionName, serviceKey: null, configureSettings, WithoutServices(configureOptions));

    /// <inheritdoc cref="AddNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddNatsClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NatsClientSettings>? configureSettings,
        Func<IServiceProvider, NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, connectionName, serviceKey: null, configureSettings, configureOptions);

    /// <summary>Like <c>AddNatsClient</c>, under the key <paramref name="name"/>.</summary>
    public static void AddKeyedNatsClient(this IHostApplicationBuilder builder, string name) =>
        NatsClientSetup.Add(builder, name, name, configureSettings: null, configureOptions: null);

    /// <inheritdoc cref="AddKeyedNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddKeyedNatsClient(
        this IHostApplicationBuilder builder, string name, Action<NatsClientSettings>? configureSettings) =>
        NatsClientSetup.Add(builder, name, name, configureSettings, configureOptions: null);

    /// <inheritdoc cref="AddKeyedNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddKeyedNatsClient(this IHostApplicationBuilder builder, string name, Func<NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, name, name, configureSettings: null, WithoutServices(configureOptions));

    /// <inheritdoc cref="AddKeyedNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddKeyedNatsClient(
        this IHostApplicationBuilder builder, string name, Func<IServiceProvider, NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, name, name, configureSettings: null, configureOptions);

    /// <inheritdoc cref="AddKeyedNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddKeyedNatsClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<NatsClientSettings>? configureSettings,
        Func<NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, name, name, configureSettings, WithoutServices(configureOptions));

    /// <inheritdoc cref="AddKeyedNatsClient(IHostApplicationBuilder, string)"/>
    public static void AddKeyedNatsClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<NatsClientSettings>? configureSettings,
        Func<IServiceProvider, NatsOpts, NatsOpts>? configureOptions) =>
        NatsClientSetup.Add(builder, name, name, configureSettings, configureOptions);

    /// <summary>Registers <see cref="INatsJSContext"/> for the connection that is registered without a key.</summary>
    public static void AddNatsJetStream(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<INatsJSContext>(services => new NatsJSContext(services.GetRequiredService<INatsConnection>()));
    }

    private static Func<IServiceProvider, NatsOpts, NatsOpts>? WithoutServices(Func<NatsOpts, NatsOpts>? configureOptions) =>
        configureOptions is null ? null : (_, options) => configureOptions(options);
}
