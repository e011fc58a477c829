namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of the application: a service, a server, a parameter.</summary>
public interface IResource
{
    /// <summary>The name, unique in the application.</summary>
    string Name { get; }

    /// <summary>Everything that has been declared about the resource.</summary>
    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>Base of all resources.</summary>
public abstract class Resource : IResource
{
    /// <summary>Creates a resource; the name has letters, digits and single hyphens, at most 64 characters, and starts with a letter.</summary>
    /// <exception cref="ArgumentException">The name is not a valid one.</exception>
    protected Resource(string name)
    {
        ResourceName.Validate(name);
        Name = name;
    }

    /// <inheritdoc />
    public virtual string Name { get; }

    /// <inheritdoc />
    public virtual ResourceAnnotationCollection Annotations { get; } = [];

    /// <inheritdoc />
    public override string ToString() => $"{GetType().Name} \"{Name}\"";
}

internal static class ResourceName
{
    public static void Validate(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var reason =
            name.Length > 64 ? "it is longer than 64 characters" :
            !char.IsAsciiLetter(name[0]) ? "it does not start with an ASCII letter" :
            name[^1] == '-' ? "it ends with a hyphen" :
            name.Contains("--", StringComparison.Ordinal) ? "it has two hyphens in a row" :
            !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? "only ASCII letters, digits and hyphens are allowed" :
            null;
        if (reason is not null)
            throw new ArgumentException($"Resource name '{name}' is invalid: {reason}.", nameof(name));
    }
}
