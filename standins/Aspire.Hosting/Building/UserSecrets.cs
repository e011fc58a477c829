using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration.UserSecrets;

namespace Aspire.Hosting;

/// <summary>Keeps generated values for the next run, where the AppHost has a UserSecretsId.</summary>
internal static class UserSecrets
{
    private static readonly Lock Gate = new();
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Save(string userSecretsId, string key, string value)
    {
        var path = PathHelper.GetSecretsPathFromSecretsId(userSecretsId);
        lock (Gate)
        {
            var secrets = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? [] : [];
            secrets[key] = value;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var temporary = path + ".new";
            using (var stream = new FileStream(temporary, Options()))
                JsonSerializer.Serialize(stream, secrets, Indented);
            File.Move(temporary, path, overwrite: true);
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
