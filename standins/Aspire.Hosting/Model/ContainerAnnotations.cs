namespace Aspire.Hosting.ApplicationModel;

/// <summary>How long a container lives.</summary>
public enum ContainerLifetime
{
    /// <summary>As long as the AppHost.</summary>
    Session,

    /// <summary>Longer than the AppHost.</summary>
    Persistent,
}

/// <summary>Which image a container runs.</summary>
public sealed class ContainerImageAnnotation : IResourceAnnotation
{
    /// <summary>The registry, if not the default one.</summary>
    public string? Registry { get; set; }

    /// <summary>The image.</summary>
    public required string Image { get; set; }

    /// <summary>The tag.</summary>
    public string? Tag { get; set; }

    internal string FullName => $"{(Registry is null ? "" : Registry + "/")}{Image}:{Tag ?? "latest"}";
}

/// <summary>What kind of mount it is.</summary>
public enum ContainerMountType
{
    /// <summary>A directory of this machine.</summary>
    BindMount,

    /// <summary>A volume of the container runtime.</summary>
    Volume,
}

/// <summary>A directory or volume in a container.</summary>
public sealed class ContainerMountAnnotation(string? source, string target, ContainerMountType type, bool isReadOnly) : IResourceAnnotation
{
    /// <summary>The directory, or the name of the volume.</summary>
    public string? Source { get; } = source;

    /// <summary>Where it is in the container.</summary>
    public string Target { get; } = target;

    /// <summary>Its kind.</summary>
    public ContainerMountType Type { get; } = type;

    /// <summary>Whether the container may only read.</summary>
    public bool IsReadOnly { get; } = isReadOnly;
}

internal sealed class ContainerNameAnnotation(string name) : IResourceAnnotation
{
    public string Name { get; } = name;
}

internal sealed class ContainerLifetimeAnnotation(ContainerLifetime lifetime) : IResourceAnnotation
{
    public ContainerLifetime Lifetime { get; } = lifetime;
}
