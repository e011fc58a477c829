using System.Security.Cryptography;
using System.Text;
using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>One PostgreSQL cluster for both databases, which the migrations create.</summary>
internal static class LocalPostgres
{
    /// <summary>The cluster of this major version, initialised if it is new.</summary>
    internal static async Task<PostgresCluster> PrepareAsync(LocalData data, PostgresPrograms programs, Version version)
    {
        var root = PostgresAccount.CanReach(data.Root) ? data.Root : Path.Combine("/var/tmp", $"ordersystem-{Hash(data.Root)}");
        if (!PostgresAccount.CanReach(programs.Folder))
            programs = await CopyAsync(programs, Path.Combine(root, "programs"));
        var cluster = new PostgresCluster(Path.Combine(root, $"postgres-{version.Major}"), programs);
        await PostgresAccount.MakeDirectoryAsync(cluster.Folder);
        await PostgresAccount.OwnAsync(cluster.Folder);
        await cluster.InitialiseAsync(data.Password(PostgresCluster.Superuser), "--auth-local=scram-sha-256", "--locale=C.UTF-8");
        return cluster;
    }

    internal static (DatabaseAccess Orders, DatabaseAccess Payments, IResourceBuilder<IResource> Server) Add(
        IDistributedApplicationBuilder builder, LocalData data, PostgresCluster cluster, int port)
    {
        var password = data.PasswordParameter(builder, PostgresCluster.Superuser);
        var command = cluster.ServerCommand(port, socketFolder: "");
        command = PostgresAccount.AsServerUser(command[0], command[1..]);
        var server = builder.AddExecutable("postgres", command[0], cluster.Folder, command[1..])
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithTcpHealthCheck(port)
            .WithIconName("Database");
        foreach (var (name, value) in cluster.Programs.Environment)
            server.WithEnvironment(name, value);
        var address = server.GetEndpoint("tcp").Property(EndpointProperty.Port);
        return (Database("orders", "order_api"), Database("payments", "payment_worker"), server);

        DatabaseAccess Database(string name, string role)
        {
            var rolePassword = data.PasswordParameter(builder, role);
            var owner = Connection($"{name}-owner", name, PostgresCluster.Superuser, password).WithHidden();
            return new(name, owner, Connection(name, name, role, rolePassword), new(role, rolePassword));
        }

        IResourceBuilder<ConnectionStringResource> Connection(
            string resource, string database, string user, IResourceBuilder<ParameterResource> secret) => builder.AddConnectionString(
            resource, ReferenceExpression.Create($"Host=127.0.0.1;Port={address};Username={user};Password={secret};Database={database}"))
            .WithParentRelationship(server);
    }

    private static async Task<PostgresPrograms> CopyAsync(PostgresPrograms programs, string target)
    {
        Directory.CreateDirectory(target);
        await ChildProcess.RunAsync(["cp", "-a", Path.GetFullPath(Path.Combine(programs.Folder, "..")) + "/.", target]);
        return new(Path.Combine(target, "bin"));
    }

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..8];
}
