using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Publishing;
using Aspire.Hosting.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>The services of an AppHost.</summary>
internal static class AppHostServices
{
    public static void Add(DistributedApplicationBuilder builder, DistributedApplicationOptions options)
    {
        if (builder.Project.UserSecretsId is { } userSecretsId && builder.Environment.IsDevelopment())
            builder.Configuration.AddUserSecrets(userSecretsId);

        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(builder.Project);
        services.AddSingleton(builder.ExecutionContext);
        services.AddSingleton(builder.Eventing);
        services.AddSingleton(new DistributedApplicationModel(builder.Resources));
        services.AddSingleton<ResourceLoggerService>();
        services.AddSingleton(CreateNotifications);
        services.AddSingleton(s => new ResourceCommandService(s.GetRequiredService<ResourceNotificationService>(), s.GetRequiredService<ResourceLoggerService>(), s));
        services.AddSingleton<DashboardSettings>();
        services.AddSingleton<ManifestPublisher>();
        services.AddHealthChecks();
        services.AddOrchestration();

        // Whether a check fails is shown as the resource's health; a log line for each failing run would say nothing more.
        // How a dashboard asks for resources is of no interest either.
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning));
        services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
    }

    private static ResourceNotificationService CreateNotifications(IServiceProvider services) =>
        new(services.GetRequiredService<ILogger<ResourceNotificationService>>(), services.GetRequiredService<IHostApplicationLifetime>())
        {
            Services = services,
            // Who looks at a dashboard can start what failed; without one nobody can.
            DefaultWaitBehavior = services.GetRequiredService<DashboardSettings>().FrontendUrl is not null ? WaitBehavior.WaitOnResourceUnavailable : WaitBehavior.StopOnResourceUnavailable,
        };
}
