using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration.UserSecrets;

namespace Aspire.Hosting;

/// <summary>What the build has written about the AppHost into its assembly.</summary>
internal sealed class AppHostProject
{
    private const string TargetPathPrefix = "aspireprojecttargetpath:";
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    public AppHostProject(Assembly? assembly)
    {
        foreach (var entry in assembly?.GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
            _metadata[entry.Key] = entry.Value ?? "";
        Directory = _metadata.GetValueOrDefault("apphostprojectpath") ?? System.IO.Directory.GetCurrentDirectory();
        Name = _metadata.GetValueOrDefault("apphostprojectname") ?? $"{assembly?.GetName().Name ?? "AppHost"}.csproj";
        UserSecretsId = assembly?.GetCustomAttribute<UserSecretsIdAttribute>()?.UserSecretsId;
    }

    public string Directory { get; }

    public string Name { get; }

    public string? UserSecretsId { get; }

    /// <summary>Distinguishes the volumes of one clone from those of another; in what is published, only those of different projects.</summary>
    public string Hash(bool isPublishMode) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(isPublishMode ? Name : Path.Combine(Directory, Name))))[..10];

    public string? TargetPathOf(string projectPath) => _metadata.GetValueOrDefault(TargetPathPrefix + Path.GetFullPath(projectPath));
}
