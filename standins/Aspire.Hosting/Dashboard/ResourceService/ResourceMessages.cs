using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using HealthStatus = Aspire.DashboardService.Proto.V1.HealthStatus;
using IconVariant = Aspire.DashboardService.Proto.V1.IconVariant;

namespace Aspire.Hosting.Dashboard.ResourceService;

/// <summary>Puts the state of a resource into the words of the dashboard.</summary>
internal sealed class ResourceMessages(PropertyMessages properties)
{
    public DashboardService.Proto.V1.Resource Of(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        var resource = new DashboardService.Proto.V1.Resource
        {
            Name = change.ResourceId,
            Uid = change.ResourceId,
            DisplayName = change.Resource.Name,
            ResourceType = snapshot.ResourceType,
            CreatedAt = TimeOf(snapshot.CreationTimeStamp),
            StartedAt = TimeOf(snapshot.StartTimeStamp),
            StoppedAt = TimeOf(snapshot.StopTimeStamp),
            IsHidden = snapshot.IsHidden || snapshot.State?.Text == KnownResourceStates.Hidden,
            SupportsDetailedTelemetry = snapshot.SupportsDetailedTelemetry,
            Properties = { properties.Of(change) },
            Environment = { snapshot.EnvironmentVariables.Select(Of) },
            Urls = { snapshot.Urls.Select(Of) },
            Volumes = { snapshot.Volumes.Select(v => new Volume { Source = v.Source ?? "", Target = v.Target, MountType = v.MountType, IsReadOnly = v.IsReadOnly }) },
            HealthReports = { snapshot.HealthReports.Select(Of) },
            Relationships = { snapshot.Relationships.Select(r => new ResourceRelationship { ResourceName = r.ResourceName, Type = r.Type }) },
            Commands = { CommandMessages.Of(change) },
        };
        if (snapshot.State is { } state)
            resource.State = state.Text;
        if (snapshot.State?.Style is { } style)
            resource.StateStyle = style;
        if (snapshot.IconName is { } icon)
            resource.IconName = icon;
        if (snapshot.IconVariant is { } variant)
            resource.IconVariant = VariantOf(variant);
        return resource;
    }

    internal static IconVariant VariantOf(ApplicationModel.IconVariant variant) =>
        variant == ApplicationModel.IconVariant.Filled ? IconVariant.Filled : IconVariant.Regular;

    private static Timestamp? TimeOf(DateTime? time) => time is { } known ? Timestamp.FromDateTime(known.ToUniversalTime()) : null;

    private static EnvironmentVariable Of(EnvironmentVariableSnapshot variable)
    {
        var message = new EnvironmentVariable { Name = variable.Name, IsFromSpec = variable.IsFromSpec };
        if (variable.Value is { } value)
            message.Value = value;
        return message;
    }

    private static Url Of(UrlSnapshot url)
    {
        var message = new Url
        {
            FullUrl = url.Url,
            IsInternal = url.IsInternal,
            IsInactive = url.IsInactive,
            DisplayProperties = new UrlDisplayProperties { DisplayName = url.DisplayProperties.DisplayName, SortOrder = url.DisplayProperties.SortOrder },
        };
        if (url.Name is { } name)
            message.EndpointName = name;
        return message;
    }

    private static HealthReport Of(HealthReportSnapshot report)
    {
        var message = new HealthReport { Key = report.Name, Description = report.Description ?? "", Exception = report.ExceptionText ?? "", LastRunAt = TimeOf(report.LastRunAt) };
        if (report.Status is { } status)
            message.Status = StatusOf(status);
        return message;
    }

    private static HealthStatus StatusOf(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus status) => status switch
    {
        Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy => HealthStatus.Healthy,
        Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Degraded => HealthStatus.Degraded,
        _ => HealthStatus.Unhealthy,
    };
}
