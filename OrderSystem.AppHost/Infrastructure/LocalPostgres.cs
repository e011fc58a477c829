using System.Diagnostics;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>One PostgreSQL cluster for both databases; the migrations make the databases.</summary>
internal static class LocalPostgres
{
    private const string User = "postgres";

    internal static async Task<(DatabaseAccess Orders, DatabaseAccess Payments, IResourceBuilder<IResource> Server)> AddAsync(
        IDistributedApplicationBuilder builder, LocalData data, ServerProgram program, int port)
    {
        var account = UnprivilegedAccount.ForThisProcess();
        var (home, cluster) = account.PlaceFor(data, program);
        if (!File.Exists(Path.Combine(cluster, "PG_VERSION")))
            await InitialiseAsync(account, home, cluster, data.Password("postgres"));

        var password = data.PasswordParameter(builder, User);
        var (command, arguments) = account.Run(Path.Combine(home, "postgres"), ["-D", cluster, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        var server = builder.AddExecutable("postgres", command, cluster, arguments)
            .WithEnvironment(LocalTools.LibraryPath, LocalTools.LibrariesOf(home))
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithTcpHealthCheck(port)
            .WithIconName("Database");
        var endpoint = server.GetEndpoint("tcp");
        return (Database("orders", "order_api"), Database("payments", "payment_worker"), server);

        DatabaseAccess Database(string name, string role)
        {
            var rolePassword = data.PasswordParameter(builder, role);
            return new(name, Connection($"{name}-owner", name, User, password).WithHidden(), Connection(name, name, role, rolePassword), new(role, rolePassword));
        }

        IResourceBuilder<ConnectionStringResource> Connection(string resource, string database, string user, IResourceBuilder<ParameterResource> secret) => builder.AddConnectionString(
            resource, ReferenceExpression.Create($"Host=127.0.0.1;Port={endpoint.Property(EndpointProperty.Port)};Username={user};Password={secret};Database={database}"))
            .WithParentRelationship(server);
    }

    private static async Task InitialiseAsync(UnprivilegedAccount account, string home, string cluster, string password)
    {
        // A file that only the server's account can read, for as long as initdb runs: arguments are for everybody to see.
        var secret = $"{cluster}.password";
        await LocalData.WriteSecretAsync(secret, password);
        account.Own(secret);
        try
        {
            var (command, arguments) = account.Run(
                Path.Combine(home, "initdb"), ["-D", cluster, "-U", User, "-A", "scram-sha-256", $"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8"]);
            var start = new ProcessStartInfo(command, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = cluster,
                Environment = { [LocalTools.LibraryPath] = LocalTools.LibrariesOf(home) },
            };
            using var process = Process.Start(start)!;
            var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                throw new InfrastructureException($"initdb could not make a PostgreSQL cluster in {cluster}: {output[1].Trim()}");
        }
        finally
        {
            File.Delete(secret);
        }
    }
}
