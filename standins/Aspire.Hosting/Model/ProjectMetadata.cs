using System.Text.Json;

namespace Aspire.Hosting;

/// <summary>Where a project is; the classes in the namespace <c>Projects</c> implement it.</summary>
public interface IProjectMetadata : ApplicationModel.IResourceAnnotation
{
    /// <summary>The full path of the project file.</summary>
    string ProjectPath { get; }

    /// <summary>The launch settings, if they do not stand in the project's directory.</summary>
    LaunchSettings? LaunchSettings => null;
}

/// <summary>The content of launchSettings.json.</summary>
public sealed class LaunchSettings
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The profiles by name.</summary>
    public Dictionary<string, LaunchProfile> Profiles { get; set; } = [];

    internal static LaunchSettings? Read(string projectDirectory)
    {
        var path = Path.Combine(projectDirectory, "Properties", "launchSettings.json");
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize<LaunchSettings>(File.ReadAllText(path), Json);
        }
        catch (JsonException e)
        {
            throw new DistributedApplicationException($"The launch settings {path} cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>A profile of launchSettings.json.</summary>
public sealed class LaunchProfile
{
    /// <summary>Project, Executable or another word.</summary>
    public string? CommandName { get; set; }

    /// <summary>Arguments.</summary>
    public string? CommandLineArgs { get; set; }

    /// <summary>The URLs to listen on, separated by semicolons.</summary>
    public string? ApplicationUrl { get; set; }

    /// <summary>Environment variables.</summary>
    public Dictionary<string, string> EnvironmentVariables { get; set; } = [];
}

/// <summary>What a project takes over from its own settings.</summary>
public class ProjectResourceOptions
{
    /// <summary>The profile to use; null: the first one.</summary>
    public string? LaunchProfileName { get; set; }

    /// <summary>Whether no profile is used.</summary>
    public bool ExcludeLaunchProfile { get; set; }

    /// <summary>Whether endpoints in the configuration of Kestrel are left out; they are never read here.</summary>
    public bool ExcludeKestrelEndpoints { get; set; }
}
