namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a resource waits for.</summary>
public enum WaitType
{
    /// <summary>Until the other one is running, healthy and ready.</summary>
    WaitUntilHealthy,

    /// <summary>Until the other one has ended with the expected exit code.</summary>
    WaitForCompletion,

    /// <summary>Until the other one is running.</summary>
    WaitUntilStarted,
}

/// <summary>What a waiting resource does when the other one has failed.</summary>
public enum WaitBehavior
{
    /// <summary>It goes on waiting.</summary>
    WaitOnResourceUnavailable,

    /// <summary>It fails too.</summary>
    StopOnResourceUnavailable,
}

/// <summary>A resource waits for another one before it starts.</summary>
public class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    /// <summary>The other one.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>For what.</summary>
    public WaitType WaitType { get; } = waitType;

    /// <summary>The exit code that counts as success.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What happens when the other one fails.</summary>
    public WaitBehavior? WaitBehavior { get; init; }
}
