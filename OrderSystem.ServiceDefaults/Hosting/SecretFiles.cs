using Microsoft.Extensions.Configuration;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>Settings out of files, one for each, as Docker, Podman and Kubernetes mount secrets.</summary>
public static class SecretFiles
{
    /// <summary>Where container runtimes put secrets; <c>SECRETS_PATH</c> names another folder.</summary>
    private const string DefaultFolder = "/run/secrets";

    /// <summary>
    /// Adds the files of the folder, whose names are those of environment variables (<c>ConnectionStrings__orders</c>). They win over the
    /// environment: whoever mounts a secret means it.
    /// </summary>
    public static void AddSecretFiles(this IConfigurationManager configuration) => configuration.AddKeyPerFile(FolderOf(configuration), optional: true);

    /// <summary>The setting as its file has it now; null when it has no file. The configuration keeps what it was at start.</summary>
    /// <param name="configuration">Says which folder.</param>
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

    private static string FolderOf(IConfiguration configuration) => configuration["SECRETS_PATH"] is { Length: > 0 } folder ? Path.GetFullPath(folder) : DefaultFolder;
}
