using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A resource that runs with environment variables.</summary>
    public interface IResourceWithEnvironment : IResource;

    /// <summary>A resource that runs with command line arguments.</summary>
    public interface IResourceWithArgs : IResource;

    /// <summary>A resource that listens on endpoints.</summary>
    public interface IResourceWithEndpoints : IResource;

    /// <summary>A resource that can wait for others before it starts.</summary>
    public interface IResourceWithWaitSupport : IResource;

    /// <summary>A resource that can be probed by a platform.</summary>
    public interface IResourceWithProbes : IResource;

    /// <summary>A resource that is deployed to a compute environment.</summary>
    public interface IComputeResource : IResource;

    /// <summary>A resource that belongs to another one.</summary>
    public interface IResourceWithParent : IResource
    {
        /// <summary>The resource that this one belongs to.</summary>
        IResource Parent { get; }
    }

    /// <summary>A resource that belongs to another one of a known type.</summary>
    public interface IResourceWithParent<out T> : IResourceWithParent where T : IResource
    {
        /// <summary>The resource that this one belongs to.</summary>
        new T Parent { get; }

        IResource IResourceWithParent.Parent => Parent;
    }
}

namespace Aspire.Hosting
{
    /// <summary>A resource whose endpoints are found by its name.</summary>
    public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;
}
