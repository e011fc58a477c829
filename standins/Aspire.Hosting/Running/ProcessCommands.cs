using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Running;

/// <summary>Start, stop and restart for everything that runs as a process or a container.</summary>
internal static class ProcessCommands
{
    public static IResourceBuilder<T> WithProcessCommands<T>(this IResourceBuilder<T> builder) where T : IResource =>
        builder
            .WithCommand(KnownResourceCommands.StartCommand, "Start", context => RunAsync(context, "started", StartAsync), new CommandOptions
            {
                Description = "Start resource",
                IconName = "Play",
                IconVariant = IconVariant.Filled,
                IsHighlighted = true,
                UpdateState = context => StartState(context.ResourceSnapshot.State?.Text),
            })
            .WithCommand(KnownResourceCommands.StopCommand, "Stop", context => RunAsync(context, "stopped", StopAsync), new CommandOptions
            {
                Description = "Stop resource",
                IconName = "Stop",
                IconVariant = IconVariant.Filled,
                IsHighlighted = true,
                UpdateState = context => StopState(context.ResourceSnapshot.State?.Text),
            })
            .WithCommand(KnownResourceCommands.RestartCommand, "Restart", context => RunAsync(context, "restarted", RestartAsync), new CommandOptions
            {
                Description = builder.Resource is ProjectResource ? "Restart resource. Source code is not recompiled." : "Restart resource",
                IconName = "ArrowCounterclockwise",
                IconVariant = IconVariant.Regular,
                UpdateState = context => StopState(context.ResourceSnapshot.State?.Text) == ResourceCommandState.Enabled ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            });

    private static ResourceCommandState StartState(string? state) =>
        IsStopped(state) || state == KnownResourceStates.Waiting ? ResourceCommandState.Enabled
        : IsOnItsWay(state) ? ResourceCommandState.Disabled
        : ResourceCommandState.Hidden;

    private static ResourceCommandState StopState(string? state) =>
        state == KnownResourceStates.Stopping ? ResourceCommandState.Disabled
        : IsStopped(state) || state == KnownResourceStates.Waiting || IsOnItsWay(state) ? ResourceCommandState.Hidden
        : ResourceCommandState.Enabled;

    private static bool IsStopped(string? state) => state == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(state, StringComparer.Ordinal);

    private static bool IsOnItsWay(string? state) =>
        state is null || state == KnownResourceStates.Starting || state == KnownResourceStates.Building || state == KnownResourceStates.RuntimeUnhealthy;

    private static async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context, string done, Func<ResourceRunner, RunningApplication, Instance, Task> run)
    {
        var application = context.Services.GetRequiredService<RunningApplication>();
        if (application.Find(context.ResourceName) is not { } instance)
            return CommandResults.Failure($"Resource '{context.ResourceName}' not found.");
        await run(context.Services.GetRequiredService<ResourceRunner>(), application, instance);
        return CommandResults.Success($"Successfully {done} '{(application.InstancesOf(instance.Resource).Count == 1 ? instance.Resource.Name : instance.Id)}'.");
    }

    // The process outlives the command, so its start must not end with it. Who starts what waits for others does not want it to wait.
    private static async Task StartAsync(ResourceRunner runner, RunningApplication application, Instance instance)
    {
        await ResourceRunner.EndWaitAsync(instance);
        await runner.StartAsync(instance, application.Stopping);
    }

    private static Task StopAsync(ResourceRunner runner, RunningApplication application, Instance instance) => runner.StopAsync(instance);

    private static async Task RestartAsync(ResourceRunner runner, RunningApplication application, Instance instance)
    {
        await runner.StopAsync(instance);
        await runner.StartAsync(instance, application.Stopping);
    }
}
