namespace Aspire.Hosting;

/// <summary>What the AppHost was started for.</summary>
public enum DistributedApplicationOperation
{
    /// <summary>To run the application.</summary>
    Run,

    /// <summary>To write what deploys it.</summary>
    Publish,
}

/// <summary>How the application runs.</summary>
public class DistributedApplicationExecutionContext
{
    private readonly DistributedApplicationExecutionContextOptions _options;

    /// <summary>Creates a context.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation)
        : this(operation, "manifest")
    {
    }

    /// <summary>Creates a context.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation, string publisherName)
        : this(new DistributedApplicationExecutionContextOptions(operation, publisherName))
    {
    }

    /// <summary>Creates a context.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationExecutionContextOptions options)
    {
        _options = options;
        PublisherName = options.PublisherName;
    }

    /// <summary>The publisher that was asked for.</summary>
    public string PublisherName { get; set; }

    /// <summary>What the AppHost was started for.</summary>
    public DistributedApplicationOperation Operation => _options.Operation;

    /// <summary>The services of the application.</summary>
    /// <exception cref="InvalidOperationException">The application was not built yet.</exception>
    public IServiceProvider Services => _options.ServiceProvider
        ?? throw new InvalidOperationException("The services are available only after the application was built.");

    /// <summary>Whether something is published.</summary>
    public bool IsPublishMode => Operation == DistributedApplicationOperation.Publish;

    /// <summary>Whether the application runs.</summary>
    public bool IsRunMode => Operation == DistributedApplicationOperation.Run;
}

/// <summary>What a context is made of.</summary>
public class DistributedApplicationExecutionContextOptions(DistributedApplicationOperation operation, string publisherName = "manifest")
{
    /// <summary>What the AppHost was started for.</summary>
    public DistributedApplicationOperation Operation { get; } = operation;

    /// <summary>The publisher that was asked for.</summary>
    public string PublisherName { get; } = publisherName;

    /// <summary>The services, once the application is built.</summary>
    public IServiceProvider? ServiceProvider { get; set; }
}
