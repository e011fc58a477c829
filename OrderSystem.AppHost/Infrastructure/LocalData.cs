using System.Security.Cryptography;
using System.Text.Json;
using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>The persistent folder with the servers' data and their passwords, which are generated once.</summary>
internal sealed class LocalData
{
    /// <summary>The users of NATS, and the superuser and service roles of PostgreSQL.</summary>
    private static readonly string[] Accounts =
        [.. NatsUserFiles.Names.Select(user => $"nats-{user}"), PostgresCluster.Superuser, "order_api", "payment_worker"];

    private readonly Dictionary<string, string> passwords;

    private LocalData(string path, Dictionary<string, string> passwords) => (Root, this.passwords) = (path, passwords);

    internal string Root { get; }

    internal static async Task<LocalData> OpenAsync(string path)
    {
        Directory.CreateDirectory(path);
        var file = Path.Combine(path, "passwords.json");
        var known = File.Exists(file)
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(file))!
            : new(StringComparer.Ordinal);
        if (Accounts.Where(account => !known.ContainsKey(account)).ToList() is { Count: > 0 } missing)
        {
            foreach (var account in missing)
                known.Add(account, NewPassword());
            await SecretFile.WriteAsync(file, JsonSerializer.Serialize(known));
        }

        return new(Path.GetFullPath(path), known);
    }

    internal string Password(string account) => passwords[account];

    internal IResourceBuilder<ParameterResource> PasswordParameter(IDistributedApplicationBuilder builder, string account) =>
        builder.AddParameter($"{account.Replace('_', '-')}-password", passwords[account], secret: true).WithHidden();

    internal string Folder(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    /// <summary>A folder that only this user can enter.</summary>
    internal string PrivateFolder(string name)
    {
        var path = Path.Combine(Root, name);
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path).FullName
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }

    private static string NewPassword() =>
        RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 32);
}
