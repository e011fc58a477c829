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
    public static void AddSecretFiles(this IConfigurationManager configuration) =>
        configuration.AddKeyPerFile(configuration["SECRETS_PATH"] is { Length: > 0 } folder ? Path.GetFullPath(folder) : DefaultFolder, optional: true);
}
