using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Runs the commands of resources.</summary>
public class ResourceCommandService
{
    private readonly ResourceNotificationService _notifications;
    private readonly ResourceLoggerService _loggers;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(ResourceNotificationService notifications, ResourceLoggerService loggers, IServiceProvider services)
    {
        _notifications = notifications;
        _loggers = loggers;
        _services = services;
    }

    /// <summary>Runs a command of one process or container, or of a resource without several of them, by id or name.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resourceId, commandName, new InteractionInputCollection([]), cancellationToken);

    /// <summary>Runs a command of one process or container, or of a resource without several of them, by id or name.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, InteractionInputCollection arguments,
        CancellationToken cancellationToken = default) => _notifications.TryGetCurrentState(resourceId, out var found)
            ? RunAsync(found.Resource, found.ResourceId, commandName, arguments, cancellationToken)
            : Task.FromResult(CommandResults.Failure($"Resource '{resourceId}' not found, or it has several instances that must be named."));

    /// <summary>Runs a command of a resource: of each of its processes or containers.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource, commandName, new InteractionInputCollection([]), cancellationToken);

    /// <summary>Runs a command of a resource: of each of its processes or containers.</summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, InteractionInputCollection arguments,
        CancellationToken cancellationToken = default)
    {
        var ids = _notifications.Present(resource).Select(e => e.ResourceId).DefaultIfEmpty(resource.Name);
        var results = await Task.WhenAll(ids.Select(id => RunAsync(resource, id, commandName, arguments, cancellationToken)));
        return results.FirstOrDefault(r => !r.Success) ?? results[0];
    }

    private async Task<ExecuteCommandResult> RunAsync(IResource resource, string resourceId, string commandName, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var command = resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(c => string.Equals(c.Name, commandName, StringComparison.Ordinal));
        if (command is null)
            return CommandResults.Failure($"Command '{commandName}' not available for resource '{resourceId}'.");
        if (Complete(command.Options.Arguments, arguments, out var missing) is var complete && missing is not null)
            return CommandResults.Failure($"Command '{commandName}' needs the argument '{missing}'.");

        using var linked = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, _services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        try
        {
            return await command.ExecuteCommand(new ExecuteCommandContext
            {
                Services = _services,
                ResourceName = resourceId,
                CancellationToken = linked.Token,
                Logger = _loggers.GetLogger(resourceId),
                Arguments = complete,
            });
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            return CommandResults.Canceled();
        }
        catch (Exception e)
        {
            return CommandResults.Failure($"Command '{commandName}' of '{resourceId}' failed: {e.Message}");
        }
    }

    // What the caller leaves out keeps the value of its declaration.
    private static InteractionInputCollection Complete(IReadOnlyList<InteractionInput> declared, InteractionInputCollection given, out string? missing)
    {
        var inputs = declared.Where(d => !given.ContainsName(d.Name)).Concat(given).ToArray();
        missing = declared.FirstOrDefault(d => d.Required && string.IsNullOrEmpty(inputs.First(i => i.Name == d.Name).Value))?.Name;
        return new InteractionInputCollection(inputs);
    }
}
