using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>The facts that a dashboard shows about what runs.</summary>
internal static class SnapshotProperties
{
    public static ImmutableArray<ResourcePropertySnapshot> Of(Instance instance, Launch launch, int processId) => instance.Resource switch
    {
        ProjectResource project =>
        [
            new("executable.path", "dotnet"),
            new("project.path", project.Annotations.OfType<IProjectMetadata>().Last().ProjectPath),
            new("executable.workDir", Path.GetDirectoryName(project.Annotations.OfType<IProjectMetadata>().Last().ProjectPath)),
            new("executable.args", launch.Arguments.ToImmutableArray()) { IsSensitive = true },
            new("executable.pid", processId),
        ],
        ExecutableResource executable =>
        [
            new("executable.path", executable.Command),
            new("executable.workDir", executable.WorkingDirectory),
            new("executable.args", launch.Arguments.ToImmutableArray()) { IsSensitive = true },
            new("executable.pid", processId),
        ],
        ContainerResource container =>
        [
            new("container.image", container.Annotations.OfType<ContainerImageAnnotation>().LastOrDefault()?.FullName),
            new("container.id", instance.Id),
            new("container.command", container.Entrypoint),
            new("container.args", launch.Arguments.ToImmutableArray()) { IsSensitive = true },
        ],
        _ => [],
    };
}
