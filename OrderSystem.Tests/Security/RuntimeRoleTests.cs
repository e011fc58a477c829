using Microsoft.Extensions.Configuration;
using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Orders;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A migration resets the rights of an existing service role and does not send its password to the server.</summary>
public sealed class RuntimeRoleTests(SharedPostgres shared) : IAsyncLifetime
{
    private readonly string role = $"service_{Guid.NewGuid():N}";
    private PostgresServer server = null!;
    private string database = null!;

    public async ValueTask InitializeAsync()
    {
        server = await shared.StartedAsync();
        database = await server.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Each_migration_revokes_rights_beyond_those_of_the_service_role()
    {
        await Sql.ExecuteAsync(database, $"CREATE ROLE {role} LOGIN CREATEDB CREATEROLE REPLICATION");
        await MigrateAsync(database, PostgresTemplate.Password);
        await IsRefusedAsync($"CREATE DATABASE {role}", $"CREATE ROLE {role}_too", "SELECT pg_create_physical_replication_slot('mine')");

        await Sql.ExecuteAsync(
            database,
            $"""
            GRANT DELETE ON events TO {role};
            GRANT UPDATE ON orders TO PUBLIC;
            GRANT CREATE ON SCHEMA public TO {role};
            GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role};
            CREATE FUNCTION who() RETURNS name LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user';
            """);
        await MigrateAsync(database, PostgresTemplate.Password);
        await IsRefusedAsync(
            "DELETE FROM events", "UPDATE orders SET total = 1", "CREATE TABLE mine (x int)",
            "SELECT setval('redrives_id_seq', 1)", "SELECT who()");
    }

    [Fact]
    public async Task The_statement_log_of_the_server_does_not_contain_the_password()
    {
        var mark = new SecretMark("runtime-password");
        var owner = $"owner_{Guid.NewGuid():N}";
        await Sql.ExecuteAsync(
            database,
            $"CREATE ROLE {owner} LOGIN SUPERUSER PASSWORD '{PostgresTemplate.Password}'; ALTER ROLE {owner} SET log_statement = 'all'");

        await MigrateAsync(new NpgsqlConnectionStringBuilder(database) { Username = owner }.ConnectionString, mark.Value);

        Assert.Contains($"CREATE ROLE \"{role}\"", server.Log, StringComparison.Ordinal);
        mark.AssertNotIn("the log of PostgreSQL", server.Log);
        Assert.Equal(role, await Sql.ScalarAsync<string>(
            new NpgsqlConnectionStringBuilder(database) { Username = role, Password = mark.Value }.ConnectionString,
            "SELECT current_user::text"));
    }

    private Task MigrateAsync(string asOwner, string password)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Database:RuntimeRole", role), new("Database:RuntimePassword", password)]).Build();
        return Migrator.ApplyAsync(asOwner, typeof(OrdersApi).Assembly, CancellationToken.None, RuntimeRole.From(settings));
    }

    private async Task IsRefusedAsync(params string[] statements)
    {
        var asService = new NpgsqlConnectionStringBuilder(database) { Username = role }.ConnectionString;
        foreach (var sql in statements)
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(asService, sql));
            Assert.True(refused.SqlState is PostgresErrorCodes.InsufficientPrivilege, $"{sql}: {refused.SqlState} {refused.MessageText}");
        }
    }
}
