using Microsoft.Extensions.Configuration;

namespace Sample.AppHost;

/// <summary>A step that has to complete, and a service of two processes that waits for it.</summary>
internal static class Replicas
{
    public static void Add(IDistributedApplicationBuilder builder)
    {
        var migrations = builder.AddProject<Projects.Sample_Web>("migrations", launchProfileName: null)
            .WithArgs("exit", builder.Configuration["Sample:ExitCode"] ?? "0");
        var web = builder.AddProject<Projects.Sample_Web>("web")
            .WithReplicas(2)
            .WithHttpHealthCheck("/health")
            .WithExternalHttpEndpoints()
            .WaitForCompletion(migrations);
        if (builder.Configuration.GetValue<int?>("Sample:Port") is { } port)
            web.WithEndpoint("http", endpoint => endpoint.Port = port);
    }
}
