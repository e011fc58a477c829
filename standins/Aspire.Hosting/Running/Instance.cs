using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>One process or container of a resource.</summary>
internal sealed class Instance(IResource resource)
{
    public IResource Resource { get; } = resource;

    public string Suffix { get; } = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz", 8);

    public string Id => $"{Resource.Name}-{Suffix}";

    /// <summary>What it listens on itself.</summary>
    public Dictionary<EndpointAnnotation, int> Ports { get; } = [];

    /// <summary>Lets one start or stop happen at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Ends the wait of a start for other resources, and lets the start go on.</summary>
    public CancellationTokenSource? Waiting { get; set; }

    /// <summary>Ends a start that is still waiting for other resources.</summary>
    public CancellationTokenSource? Starting { get; set; }

    public IRunning? Running { get; set; }

    /// <summary>Completes when the end of the process was published.</summary>
    public Task Ended { get; set; } = Task.CompletedTask;
}

/// <summary>Something that runs: a process, or a container.</summary>
internal interface IRunning
{
    int ProcessId { get; }

    Task<int> Exited { get; }

    Task StopAsync(TimeSpan patience);
}
