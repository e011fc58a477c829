using System.Collections.Immutable;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Makes the parts of a state that follow from the declaration of a resource.</summary>
internal static class SnapshotFactory
{
    public static CustomResourceSnapshot Initial(IResource resource)
    {
        var icon = resource.Annotations.OfType<ResourceIconAnnotation>().LastOrDefault();
        return new CustomResourceSnapshot
        {
            ResourceType = TypeOf(resource),
            Properties = [],
            CreationTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
            State = KnownResourceStates.NotStarted,
            HealthReports = [.. resource.Annotations.OfType<HealthCheckAnnotation>().Select(h => new HealthReportSnapshot(h.Key, Status: null, Description: null, ExceptionText: null))],
            Relationships = Relationships(resource),
            Volumes = [.. resource.Annotations.OfType<ContainerMountAnnotation>().Select(m => new VolumeSnapshot(m.Source, m.Target, m.Type.ToString(), m.IsReadOnly))],
            IconName = icon?.IconName,
            IconVariant = icon?.IconVariant,
            IsHidden = resource.Annotations.OfType<HiddenAnnotation>().Any(),
            SupportsDetailedTelemetry = resource is ProjectResource,
        };
    }

    public static CustomResourceSnapshot WithCommandStates(ResourceEvent change, IServiceProvider? services)
    {
        var commands = change.Resource.Annotations.OfType<ResourceCommandAnnotation>().ToArray();
        return commands.Length == 0 || services is null ? change.Snapshot : change.Snapshot with
        {
            Commands = [.. commands.Select(c => Snapshot(c, new UpdateCommandStateContext { ResourceSnapshot = change.Snapshot, Services = services }))],
        };
    }

    public static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => KnownResourceTypes.Project,
        ContainerResource => KnownResourceTypes.Container,
        ExecutableResource => KnownResourceTypes.Executable,
        ConnectionStringParameterResource or ConnectionStringResource => KnownResourceTypes.ConnectionString,
        ParameterResource => KnownResourceTypes.Parameter,
        _ => resource.GetType().Name is var name && name.EndsWith("Resource", StringComparison.Ordinal) ? name[..^"Resource".Length] : resource.GetType().Name,
    };

    private static ImmutableArray<RelationshipSnapshot> Relationships(IResource resource)
    {
        var relations = resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(r => new RelationshipSnapshot(r.Resource.Name, r.Type));
        if (resource is IResourceWithParent child)
            relations = relations.Append(new RelationshipSnapshot(child.Parent.Name, "Parent"));
        return [.. relations.Distinct()];
    }

    private static ResourceCommandSnapshot Snapshot(ResourceCommandAnnotation command, UpdateCommandStateContext context) => new(
        command.Name, command.UpdateState(context), command.DisplayName, command.Options.Description, Parameter: null,
        command.Options.ConfirmationMessage, command.Options.IconName, command.Options.IconVariant, command.Options.IsHighlighted);
}

internal sealed class ResourceIconAnnotation(string iconName, IconVariant iconVariant) : IResourceAnnotation
{
    public string IconName { get; } = iconName;

    public IconVariant IconVariant { get; } = iconVariant;
}

internal sealed class HiddenAnnotation : IResourceAnnotation;
