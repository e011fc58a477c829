using System.Reflection;
using Aspire.NATS.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using Npgsql;
using OrderSystem.Messaging.Connections;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Schema;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.ServiceDefaults.Health;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging;

/// <summary>Registers messaging in a service.</summary>
public static class MessagingSetup
{
    private const string NatsConnection = "nats";

    /// <summary>Adds the database, NATS, the group committer, and the relay of the outbox.</summary>
    /// <param name="builder">Its configuration holds <c>ConnectionStrings:nats</c> and the database's.</param>
    /// <param name="databaseName">Name of the connection string of the service's own database.</param>
    /// <param name="source">The <c>ce-source</c> of its events, such as <c>/order-api</c>.</param>
    /// <param name="service">The assembly that embeds the service's migrations.</param>
    public static void AddMessaging(this IHostApplicationBuilder builder, string databaseName, string source, Assembly service)
    {
        var name = source.TrimStart('/');
        var example = ConnectionStrings.PostgresExample(databaseName);
        builder.RequireConnectionString(
            databaseName,
            example,
            (ConnectionStrings.IsPostgres, ConnectionStrings.Unreadable(databaseName, example)),
            (
                given => !ConnectionStrings.IsPostgres(given) || PostgresHosts.LeadToPrimary(given),
                PostgresHosts.MayLeadToStandby(databaseName)));
        builder.RequireNats(NatsConnection);
        builder.AddDatabase(databaseName, name);
        builder.AddNats(name);

        builder.AddValidatedOptions<GroupCommitterOptions>(GroupCommitterOptions.Section);
        builder.AddValidatedOptions<RelayOptions>(RelayOptions.Section);
        builder.AddValidatedOptions<JetStreamOptions>(JetStreamOptions.Section);
        builder.AddValidatedOptions<RetentionOptions>(RetentionOptions.Section);
        builder.Services.AddOptions<RetentionOptions>().Validate<IOptions<JetStreamOptions>>(
            (retention, jetStream) => retention.Inbox > jetStream.Value.MaxAge,
            "Retention__Inbox must be longer than JetStream__MaxAge: a recreated consumer may be delivered its whole stream again.");

        var services = builder.Services;
        services.AddSingleton(new EventSource(source));
        services.AddSingleton<MessagingMetrics>();
        services.AddSingleton<CommittedEvents>();
        services.AddSingleton<OutboxTable>();
        services.AddSingleton<EventPublisher>();
        services.AddSingleton<TopologyProvisioner>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<DeliveryCounter>();
        services.AddSingleton<PullGate>();
        services.AddSingleton<DependencyBreaker>();

        // Hosted services start in this order and stop in reverse: consumers first, the committer last.
        services.AddSingleton<IHostedService>(provider =>
            new MigrationGate(
                provider.GetRequiredService<NpgsqlDataSource>(), service, databaseName, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<GroupCommitter>();
        services.AddHostedService(provider => provider.GetRequiredService<GroupCommitter>());
        services.AddHostedService<TopologyGate>();
        services.AddHostedService<Relay>();
        services.AddHostedService<Retention>();
        services.AddHostedService<OutboxGauges>();
    }

    /// <summary>Handles the events of a durable consumer, and monitors it.</summary>
    /// <param name="builder">A builder with messaging.</param>
    /// <param name="consumer">One of <see cref="Topology"/>.</param>
    /// <param name="routes">One <see cref="EventRoutes.On{TEvent,THandler}"/> for each event.</param>
    public static void AddEventConsumer(this IHostApplicationBuilder builder, ConsumerDeclaration consumer, Action<EventRoutes> routes)
    {
        var table = new EventRoutes(builder.Services);
        routes(table);
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<PositionKeeper>(provider, consumer));
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<JetStreamMonitor>(provider, consumer));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<JetStreamMonitor>());
        builder.Services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<ConsumerLoop>(
            provider, consumer, ActivatorUtilities.CreateInstance<MessageProcessor>(provider, consumer, table.Build(provider))));
        builder.Services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<JetStreamGauges>(provider, consumer));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "jetstream", provider => ActivatorUtilities.CreateInstance<JetStreamHealthCheck>(provider),
            HealthStatus.Unhealthy, tags: null));
    }

    private static void AddDatabase(this IHostApplicationBuilder builder, string databaseName, string applicationName)
    {
        builder.AddNpgsqlDataSource(
            databaseName,
            settings =>
            {
                settings.DisableHealthChecks = true;
                settings.DisableTracing = true;
                if (settings.ConnectionString is { Length: > 0 } given && ConnectionStrings.IsPostgres(given))
                    settings.ConnectionString = PostgresDefaults.Complete(given, applicationName);
            },
            source => source.ConfigureTracing(tracing => tracing

                // Commands of the group committer and the relay serve many orders at once: they belong to no trace.
                .EnablePhysicalOpenTracing(false)
                .ConfigureCommandFilter(_ => System.Diagnostics.Activity.Current is not null)
                .ConfigureBatchFilter(_ => System.Diagnostics.Activity.Current is not null)));
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("postgresql", HealthStatus.Unhealthy, [HealthEndpoints.ReadyTag]);
    }

    /// <summary>Adds a second connection to NATS, as another user, as a keyed service under the name of its connection string.</summary>
    /// <param name="builder">Its configuration holds the connection string.</param>
    /// <param name="connectionName">Name of the connection string, and the key.</param>
    /// <param name="clientName">Client name on the server.</param>
    public static void AddFurtherNats(this IHostApplicationBuilder builder, string connectionName, string clientName)
    {
        builder.RequireNats(connectionName);
        builder.AddKeyedNatsClient(connectionName, Quiet, options => Configure(options, builder.Configuration, connectionName, clientName));
    }

    private static void RequireNats(this IHostApplicationBuilder builder, string connectionName) => builder.RequireConnectionString(
        connectionName, NatsUrl.Example, (NatsUrl.IsReadable, ConnectionStrings.Unreadable(connectionName, NatsUrl.Example)));

    private static void AddNats(this IHostApplicationBuilder builder, string clientName)
    {
        builder.AddValidatedOptions<NatsOptions>(NatsOptions.Section);
        builder.AddNatsClient(NatsConnection, Quiet, options => Configure(options, builder.Configuration, NatsConnection, clientName));
        builder.AddNatsJetStream();
    }

    /// <summary>Events carry their own trace context; the library's spans of acknowledgements and pulls would flood the traces.</summary>
    private static void Quiet(NatsClientSettings settings) => settings.DisableTracing = settings.DisableHealthChecks = true;

    private static NatsOpts Configure(NatsOpts options, IConfiguration configuration, string connectionName, string clientName) =>
        options.WithAccess(configuration, connectionName) with
        {
            Name = clientName,
            PingInterval = TimeSpan.FromSeconds(15),
            MaxPingOut = 2,
            RetryOnInitialConnect = true,
            IgnoreAuthErrorAbort = true,
            RequestTimeout = TimeSpan.FromSeconds(5),
        };
}
