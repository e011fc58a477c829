using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>Runs containers through the docker or podman program.</summary>
internal sealed class ContainerRunner(ContainerRuntime runtime, AppHostProject project)
{
    private const string OwnerLabel = "aspire-apphost";

    public async Task<IRunning> StartAsync(ContainerResource resource, Instance instance, Launch launch, Guard guard, Action<string, bool> output, CancellationToken cancellationToken)
    {
        var program = await runtime.FindAsync(cancellationToken)
            ?? throw new DistributedApplicationException("no container runtime answers: start Docker or Podman, or use servers that run without containers");
        var owner = project.Hash(isPublishMode: false);
        await RemoveLeftoversAsync(program, owner, cancellationToken);

        // The AppHost's process id is the last part of the name: by it a later AppHost sees that the container has been left behind.
        var name = resource.Annotations.OfType<ContainerNameAnnotation>().LastOrDefault()?.Name
            ?? string.Create(CultureInfo.InvariantCulture, $"{instance.Id}-{Environment.ProcessId}");
        await guard.AddContainerAsync(program, name);
        try
        {
            // The program gets the values in its own environment, so that they stand neither among arguments nor in a file.
            var environment = LaunchPlanner.Inherited();
            foreach (var (variable, value) in launch.Environment)
                environment[variable] = value;
            var command = new CommandLine(program, [.. Arguments(resource, instance, launch, name, owner)], Path.GetTempPath(), environment);
            var client = await ChildProcess.StartAsync(command, guard, output);
            var container = new Container(runtime, program, name, client, guard);
            await container.WaitUntilRunningAsync(cancellationToken);
            return container;
        }
        catch
        {
            await runtime.RunAsync(program, ["rm", "-f", "-v", name], CancellationToken.None);
            await guard.RemoveContainerAsync(name);
            throw;
        }
    }

    private static IEnumerable<string> Arguments(ContainerResource resource, Instance instance, Launch launch, string name, string owner)
    {
        var image = resource.Annotations.OfType<ContainerImageAnnotation>().LastOrDefault()
            ?? throw new DistributedApplicationException($"the container resource '{resource.Name}' has no image");
        List<string> arguments = ["run", "--name", name, "--label", $"{OwnerLabel}={owner}"];
        foreach (var (endpoint, target) in instance.Ports)
            arguments.AddRange(["--publish", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{endpoint.AllocatedEndpoint!.Port}:{target}")]);
        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>())
        {
            var source = mount.Source is null ? "" : $",source={mount.Source}";
            arguments.AddRange(["--mount", $"type={(mount.Type == ContainerMountType.Volume ? "volume" : "bind")}{source},target={mount.Target}{(mount.IsReadOnly ? ",readonly" : "")}"]);
        }

        foreach (var variable in launch.Environment.Keys)
            arguments.AddRange(["--env", variable]);
        if (resource.Entrypoint is { } entrypoint)
            arguments.AddRange(["--entrypoint", entrypoint]);
        arguments.Add(image.FullName);
        return arguments.Concat(launch.Arguments);
    }

    private async Task RemoveLeftoversAsync(string program, string owner, CancellationToken cancellationToken)
    {
        var (_, names) = await runtime.RunAsync(program, ["ps", "--all", "--filter", $"label={OwnerLabel}={owner}", "--format", "{{.Names}}"], cancellationToken);
        foreach (var name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var isOwned = int.TryParse(name[(name.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture, out var processId) && Signals.IsAlive(processId);
            if (!isOwned)
                await runtime.RunAsync(program, ["rm", "-f", "-v", name], cancellationToken);
        }
    }

    private sealed class Container(ContainerRuntime runtime, string program, string name, ChildProcess client, Guard guard) : IRunning
    {
        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);
        private Task<int>? _exited;

        public int ProcessId => client.ProcessId;

        public Task<int> Exited => _exited ??= FollowAsync();

        // An image that is not there yet is pulled first, which can take minutes.
        public async Task WaitUntilRunningAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                var (_, state) = await runtime.RunAsync(program, ["inspect", "--format", "{{.State.Running}}", name], cancellationToken);
                if (state.Trim() == "true" || client.Exited.IsCompleted)
                    return;
                await Task.Delay(Pace, TimeProvider.System, cancellationToken);
            }
        }

        public async Task StopAsync(TimeSpan patience)
        {
            // The runtime sends the signal that the image asks for.
            await runtime.RunAsync(program, ["stop", "-t", ((int)patience.TotalSeconds).ToString(CultureInfo.InvariantCulture), name], CancellationToken.None);
            await Exited;
        }

        private async Task<int> FollowAsync()
        {
            var exitCode = await client.Exited;
            await runtime.RunAsync(program, ["rm", "-f", "-v", name], CancellationToken.None);
            await guard.RemoveContainerAsync(name);
            return exitCode;
        }
    }
}
