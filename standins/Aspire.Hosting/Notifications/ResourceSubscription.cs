using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The state of every resource at one moment, and every change since.</summary>
internal sealed class ResourceSubscription(IReadOnlyList<ResourceEvent> present, ChannelReader<ResourceEvent> changes, Action end) : IDisposable
{
    public IReadOnlyList<ResourceEvent> Present { get; } = present;

    public ChannelReader<ResourceEvent> Changes { get; } = changes;

    public void Dispose() => end();
}
