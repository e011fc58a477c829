using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>Start, stop and restart for everything that runs as a process or a container.</summary>
internal static class ProcessCommands
{
    public static IResourceBuilder<T> WithProcessCommands<T>(this IResourceBuilder<T> builder) where T : IResource => builder;
}
