using System.Security.Cryptography;
using System.Text.Json;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>The folder that survives a restart: the servers' data and their passwords, which are made once.</summary>
internal sealed class LocalData
{
    private readonly Dictionary<string, string> passwords;

    private LocalData(string path, Dictionary<string, string> passwords) => (Root, this.passwords) = (path, passwords);

    internal string Root { get; }

    internal static async Task<LocalData> OpenAsync(string path)
    {
        Directory.CreateDirectory(path);
        var file = Path.Combine(path, "passwords.json");
        if (!File.Exists(file))
        {
            var made = new Dictionary<string, string>(StringComparer.Ordinal) { ["nats"] = NewPassword(), ["postgres"] = NewPassword() };
            await WriteSecretAsync(file, JsonSerializer.Serialize(made));
        }

        return new(Path.GetFullPath(path), JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(file))!);
    }

    internal string Password(string server) => passwords[server];

    internal string Folder(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    /// <summary>Writes a file that only its owner can read.</summary>
    internal static async Task WriteSecretAsync(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new StreamWriter(file, options);
        await stream.WriteAsync(text);
    }

    private static string NewPassword() => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 32);
}
