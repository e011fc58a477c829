using Microsoft.Extensions.Configuration;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>Settings from files, one file per setting, as Docker, Podman and Kubernetes mount secrets.</summary>
public static class SecretFiles
{
    /// <summary>Default mount point of container secrets; <c>SECRETS_PATH</c> overrides it.</summary>
    private const string DefaultFolder = "/run/secrets";

    /// <summary>
    /// Adds the files of the folder as settings; they are named like environment variables (<c>ConnectionStrings__orders</c>). A file
    /// overrides the environment variable, because mounting a secret is always deliberate.
    /// </summary>
    public static void AddSecretFiles(this IConfigurationManager configuration) =>
        configuration.AddKeyPerFile(FolderOf(configuration), optional: true);

    /// <summary>
    /// Reads the current content of a setting's file, to pick up a rotated secret: the configuration itself keeps the value from the start.
    /// Null when the file is missing, empty or unreadable.
    /// </summary>
    /// <param name="configuration">Names the folder (<c>SECRETS_PATH</c>).</param>
    /// <param name="name">Name of the file.</param>
    public static string? ReadAgain(IConfiguration configuration, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(FolderOf(configuration), name)).Trim() is { Length: > 0 } value ? value : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string FolderOf(IConfiguration configuration) =>
        configuration["SECRETS_PATH"] is { Length: > 0 } folder ? Path.GetFullPath(folder) : DefaultFolder;
}
