using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Adds NATS servers.</summary>
public static class NatsBuilderExtensions
{
    /// <summary>Adds a server with a fixed port.</summary>
    public static IResourceBuilder<NatsServerResource> AddNats(this IDistributedApplicationBuilder builder, string name, int? port) =>
        builder.AddNats(name, port, userName: null);

    /// <summary>Adds a server; without a password one is generated.</summary>
    public static IResourceBuilder<NatsServerResource> AddNats(this IDistributedApplicationBuilder builder, string name, int? port = null,
        IResourceBuilder<ParameterResource>? userName = null, IResourceBuilder<ParameterResource>? password = null)
    {
        var passwordParameter = password?.Resource
            ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false);
        var nats = new NatsServerResource(name, userName?.Resource, passwordParameter);
        var healthCheck = $"{name}_check";
        builder.Services.AddHealthChecks().Add(
            new HealthCheckRegistration(healthCheck, _ => new NatsHealthCheck(nats.PrimaryEndpoint), failureStatus: null, tags: null));
        return builder.AddResource(nats)
            .WithEndpoint(port, targetPort: 4222, scheme: "tcp", name: NatsServerResource.PrimaryEndpointName)
            .WithImage("library/nats", "2.14")
            .WithImageRegistry("docker.io")
            .WithHealthCheck(healthCheck)
            .WithArgs(context =>
            {
                context.Args.Add("--user");
                context.Args.Add(nats.UserNameReference);
                context.Args.Add("--pass");
                context.Args.Add(passwordParameter);
            });
    }

    /// <summary>Enables JetStream.</summary>
    public static IResourceBuilder<NatsServerResource> WithJetStream(this IResourceBuilder<NatsServerResource> builder) =>
        builder.WithArgs("-js");

    /// <summary>Stores JetStream's data in a volume.</summary>
    public static IResourceBuilder<NatsServerResource> WithDataVolume(
        this IResourceBuilder<NatsServerResource> builder, string? name = null, bool isReadOnly = false) =>
        builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), "/var/lib/nats", isReadOnly)
            .WithArgs("-sd", "/var/lib/nats");

    /// <summary>Stores JetStream's data in a directory of the host.</summary>
    public static IResourceBuilder<NatsServerResource> WithDataBindMount(
        this IResourceBuilder<NatsServerResource> builder, string source, bool isReadOnly = false) =>
        builder.WithBindMount(source, "/var/lib/nats", isReadOnly).WithArgs("-sd", "/var/lib/nats");
}
