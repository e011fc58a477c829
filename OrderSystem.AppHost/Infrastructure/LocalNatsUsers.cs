namespace OrderSystem.AppHost.Infrastructure;

/// <summary>The users of a NATS server that runs here: what they may do is said by <c>deploy/nats/users.conf</c>, as everywhere.</summary>
internal sealed class LocalNatsUsers(IDistributedApplicationBuilder builder, LocalData data)
{
    internal const string Provisioning = "provisioning";
    private const string OrderApi = "order-api";
    private const string PaymentWorker = "payment-worker";
    private const string Ops = "ops";
    private const string File = "users.conf";

    private readonly Dictionary<string, IResourceBuilder<ParameterResource>> passwords = All.ToDictionary(user => user, user => data.PasswordParameter(builder, $"nats-{user}"));

    internal static string[] All { get; } = [OrderApi, PaymentWorker, Provisioning, Ops];

    internal IResourceBuilder<ParameterResource> PasswordOf(string user) => passwords[user];

    /// <summary>Writes the server's configuration, the users and their passwords into a folder, and returns that.</summary>
    internal async Task<string> WriteAsync(string parent, string server, bool readableByAll = false)
    {
        var folder = Directory.CreateDirectory(Path.Combine(parent, "configuration")).FullName;
        await WriteAsync("nats.conf", $"{server}\ninclude {File}\n");
        await WriteAsync(File, await System.IO.File.ReadAllTextAsync(Path.Combine(builder.AppHostDirectory, "..", "deploy", "nats", File)));
        await WriteAsync("passwords.conf", string.Join('\n', All.Select(user => $"{user.Replace('-', '_').ToUpperInvariant()}_PASSWORD: \"{data.Password($"nats-{user}")}\"")));
        return folder;

        async Task WriteAsync(string name, string text)
        {
            var path = Path.Combine(folder, name);
            await LocalData.WriteSecretAsync(path, text);
            if (readableByAll && !OperatingSystem.IsWindows())
                System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    /// <summary>A connection for each user.</summary>
    /// <param name="server">To which they connect.</param>
    /// <param name="address">Its host and port.</param>
    internal NatsAccess Connect(IResourceBuilder<IResource> server, ReferenceExpression address)
    {
        return new(As(OrderApi), As(PaymentWorker), As(Provisioning), As(Ops));

        IResourceBuilder<IResourceWithConnectionString> As(string user) =>
            builder.AddConnectionString($"nats-{user}", ReferenceExpression.Create($"nats://{user}:{passwords[user]}@{address}")).WithParentRelationship(server).WithHidden();
    }
}
