using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Running;

/// <summary>Start, stop and restart for everything that runs as a process or a container.</summary>
internal static class ProcessCommands
{
    public static IResourceBuilder<T> WithProcessCommands<T>(this IResourceBuilder<T> builder) where T : IResource =>
        builder
            .WithCommand(KnownResourceCommands.StartCommand, "Start", context => RunAsync(context, StartAsync), Options("Start the resource.", "Play", CanStart))
            .WithCommand(KnownResourceCommands.StopCommand, "Stop", context => RunAsync(context, StopAsync), Options("Stop the resource.", "Stop", CanStop))
            .WithCommand(KnownResourceCommands.RestartCommand, "Restart", context => RunAsync(context, RestartAsync), Options("Restart the resource.", "ArrowCounterclockwise", IsRunning));

    private static CommandOptions Options(string description, string icon, Func<string?, ResourceCommandState> state) => new()
    {
        Description = description,
        IconName = icon,
        IconVariant = IconVariant.Filled,
        IsHighlighted = true,
        UpdateState = context => state(context.ResourceSnapshot.State?.Text),
    };

    private static ResourceCommandState CanStart(string? state) =>
        state is null || state == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(state, StringComparer.Ordinal)
            ? ResourceCommandState.Enabled
            : state == KnownResourceStates.Starting || state == KnownResourceStates.Waiting ? ResourceCommandState.Disabled : ResourceCommandState.Hidden;

    private static ResourceCommandState CanStop(string? state) =>
        state == KnownResourceStates.Running || state == KnownResourceStates.Waiting ? ResourceCommandState.Enabled
        : state == KnownResourceStates.Stopping ? ResourceCommandState.Disabled : ResourceCommandState.Hidden;

    private static ResourceCommandState IsRunning(string? state) => state == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;

    private static async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context, Func<ResourceRunner, RunningApplication, Instance, Task> run)
    {
        var application = context.Services.GetRequiredService<RunningApplication>();
        if (application.Find(context.ResourceName) is not { } instance)
            return CommandResults.Failure($"Resource '{context.ResourceName}' not found.");
        await run(context.Services.GetRequiredService<ResourceRunner>(), application, instance);
        return CommandResults.Success();
    }

    // The process outlives the command, so its start must not end with it.
    private static Task StartAsync(ResourceRunner runner, RunningApplication application, Instance instance) => runner.StartAsync(instance, application.Stopping);

    private static Task StopAsync(ResourceRunner runner, RunningApplication application, Instance instance) => runner.StopAsync(instance);

    private static async Task RestartAsync(ResourceRunner runner, RunningApplication application, Instance instance)
    {
        await runner.StopAsync(instance);
        await runner.StartAsync(instance, application.Stopping);
    }
}
