using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>Applications that a test declares itself; its project is the sample service, which the sample AppHost was built with.</summary>
internal static class SampleWeb
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static string ProjectPath =>
        Path.Combine(Projects.Sample_AppHost.ProjectPath, "..", "Sample.Web", "Sample.Web.csproj");

    internal static IDistributedApplicationTestingBuilder NewBuilder(params string[] args) =>
        DistributedApplicationTestingBuilder.Create(args, (options, _) => options.AssemblyName = "Sample.AppHost");

    internal static IResourceBuilder<ProjectResource> AddWeb(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddProject(name, ProjectPath);

    internal static IResourceBuilder<ProjectResource> AddStep(this IDistributedApplicationBuilder builder, string name, int exitCode) =>
        builder.AddProject(name, ProjectPath, launchProfileName: null).WithArgs("exit", $"{exitCode}");

    /// <summary>A program that runs until it is told to stop.</summary>
    internal static IResourceBuilder<ExecutableResource> AddScript(this IDistributedApplicationBuilder builder, string name, string script) =>
        builder.AddExecutable(name, "sh", Path.GetTempPath(), "-c", script);

    internal static async Task<DistributedApplication> StartAsync(this IDistributedApplicationTestingBuilder builder)
    {
        var app = await builder.BuildAsync();
        await app.StartAsync();
        return app;
    }

    internal static Task<string> ReachesAsync(this DistributedApplication app, string resource, params string[] states) =>
        app.ResourceNotifications.WaitForResourceAsync(resource, states).WaitAsync(Patience, TimeProvider.System);

    internal static Task<ResourceEvent> IsHealthyAsync(this DistributedApplication app, string resource) =>
        app.ResourceNotifications.WaitForResourceHealthyAsync(resource).WaitAsync(Patience, TimeProvider.System);

    internal static CustomResourceSnapshot Snapshot(this DistributedApplication app, string resource) =>
        app.ResourceNotifications.TryGetCurrentState(resource, out var change) ? change.Snapshot : throw new InvalidOperationException($"There is no single state of {resource}.");

    internal static async Task<Dictionary<string, string>> EnvironmentAsync(this DistributedApplication app, string resource)
    {
        using var client = app.CreateHttpClient(resource);
        return (await client.GetFromJsonAsync<Dictionary<string, string>>("/environment"))!;
    }

    /// <summary>What a resource has logged, without the times.</summary>
    internal static async Task<IReadOnlyList<string>> LogAsync(this DistributedApplication app, string resource)
    {
        var model = app.Services.GetRequiredService<DistributedApplicationModel>().Resources.Single(r => r.Name == resource);
        var lines = new List<string>();
        await foreach (var batch in app.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(model))
            lines.AddRange(batch.Select(l => l.Content[(l.Content.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        return lines;
    }

    internal static Task LogsAsync(this DistributedApplication app, string resource, string text) =>
        Eventually.BeTrueAsync($"{resource} logs '{text}'", async () => (await app.LogAsync(resource)).Any(l => l.Contains(text, StringComparison.Ordinal)));
}
