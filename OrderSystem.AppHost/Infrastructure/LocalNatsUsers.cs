using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>The users of a local NATS server, with the permissions of <c>deploy/nats/users.conf</c>, as everywhere.</summary>
internal sealed class LocalNatsUsers(IDistributedApplicationBuilder builder, LocalData data)
{
    internal const string Provisioning = "provisioning";

    private readonly Dictionary<string, IResourceBuilder<ParameterResource>> passwords =
        NatsUserFiles.Names.ToDictionary(user => user, user => data.PasswordParameter(builder, $"nats-{user}"));

    internal IResourceBuilder<ParameterResource> PasswordOf(string user) => passwords[user];

    /// <summary>Writes the server's configuration, the users and their passwords to a folder, and returns the folder.</summary>
    internal async Task<string> WriteAsync(string parent, string server, bool readableByAll = false)
    {
        var folder = Directory.CreateDirectory(Path.Combine(parent, "configuration")).FullName;
        await WriteFileAsync("nats.conf", $"{server}\ninclude {NatsUserFiles.Users}\n");
        await WriteFileAsync(NatsUserFiles.Users, await File.ReadAllTextAsync(NatsUserFiles.Source));
        await WriteFileAsync(NatsUserFiles.Passwords, NatsUserFiles.WritePasswords(user => data.Password($"nats-{user}")));
        return folder;

        async Task WriteFileAsync(string name, string text)
        {
            var path = Path.Combine(folder, name);
            await SecretFile.WriteAsync(path, text);
            if (readableByAll && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    /// <summary>A connection string for each user.</summary>
    /// <param name="server">The server.</param>
    /// <param name="address">Its host and port.</param>
    internal NatsAccess Connect(IResourceBuilder<IResource> server, ReferenceExpression address)
    {
        return new(As("order-api"), As("payment-worker"), As(Provisioning), As("ops"));

        IResourceBuilder<IResourceWithConnectionString> As(string user) => builder
            .AddConnectionString($"nats-{user}", ReferenceExpression.Create($"nats://{user}:{passwords[user]}@{address}"))
            .WithParentRelationship(server).WithHidden();
    }
}
