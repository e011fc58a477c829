using System.Collections;
using System.Globalization;
using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Running;
using Google.Protobuf.WellKnownTypes;

namespace Aspire.Hosting.Dashboard.ResourceService;

/// <summary>The facts about a resource that the dashboard lists: those that every resource has, and its own.</summary>
internal sealed class PropertyMessages(RunningApplication application)
{
    public IEnumerable<ResourceProperty> Of(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        (string Name, object? Value)[] common =
        [
            ("resource.uid", change.ResourceId),
            ("resource.name", change.ResourceId),
            ("resource.type", snapshot.ResourceType),
            ("resource.displayName", change.Resource.Name),
            ("resource.state", snapshot.State?.Text),
            ("resource.healthState", snapshot.HealthStatus?.ToString()),
            ("resource.exitCode", snapshot.ExitCode),
            ("resource.createTime", snapshot.CreationTimeStamp),
            ("resource.startTime", snapshot.StartTimeStamp),
            ("resource.stopTime", snapshot.StopTimeStamp),
            ("resource.parentName", ParentOf(change.Resource)),
        ];
        return common.Where(p => p.Value is not null).Select(p => new ResourceProperty { Name = p.Name, Value = ValueOf(p.Value) })
            .Concat(snapshot.Properties.Select(p => new ResourceProperty { Name = p.Name, Value = ValueOf(p.Value), IsSensitive = p.IsSensitive }));
    }

    // The dashboard shows a resource below the one of this id.
    private string? ParentOf(IResource resource)
    {
        var parent = resource is IResourceWithParent child
            ? child.Parent
            : resource.Annotations.OfType<ResourceRelationshipAnnotation>().LastOrDefault(r => r.Type == "Parent")?.Resource;
        return parent is null ? null : application.InstancesOf(parent) is [{ } first, ..] ? first.Id : parent.Name;
    }

    private static Value ValueOf(object? value) => value switch
    {
        null => Value.ForNull(),
        string text => Value.ForString(text),
        bool yes => Value.ForBool(yes),
        int or long or double => Value.ForNumber(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        DateTime time => Value.ForString(time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture)),
        IEnumerable list => Value.ForList([.. list.Cast<object?>().Select(ValueOf)]),
        _ => Value.ForString(value.ToString()),
    };
}
