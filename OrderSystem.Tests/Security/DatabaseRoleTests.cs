using Npgsql;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// What the database role of a service is not allowed to do. That its rights
/// suffice is shown by all other tests, because they run with this role.
/// </summary>
public sealed class DatabaseRoleTests(SharedSystem shared)
{
    private const string Api = "OrderSystem.OrderApi";

    [Theory]
    [InlineData("orders", RuntimeRoles.OrderApi, "UPDATE events SET payload = ''")]
    [InlineData("orders", RuntimeRoles.OrderApi, "DELETE FROM events")]
    [InlineData("orders", RuntimeRoles.OrderApi, "UPDATE orders SET total = 0.01")]
    [InlineData("orders", RuntimeRoles.OrderApi, "DELETE FROM orders")]
    [InlineData("orders", RuntimeRoles.OrderApi, "DELETE FROM refunds")]
    [InlineData("orders", RuntimeRoles.OrderApi, "UPDATE refunds SET source = 'request'")]
    [InlineData("orders", RuntimeRoles.OrderApi, "DELETE FROM dead_letter_actions")]
    [InlineData("orders", RuntimeRoles.OrderApi, "UPDATE redrives SET by = 'somebody else'")]
    [InlineData("orders", RuntimeRoles.OrderApi, "UPDATE outbox SET order_id = gen_random_uuid()")]
    [InlineData("orders", RuntimeRoles.OrderApi, "INSERT INTO schema_migrations (id) VALUES ('x')")]
    [InlineData("payments", RuntimeRoles.PaymentWorker, "UPDATE events SET payload = ''")]
    [InlineData("payments", RuntimeRoles.PaymentWorker, "DELETE FROM events")]
    [InlineData("payments", RuntimeRoles.PaymentWorker, "DELETE FROM payments")]
    [InlineData("payments", RuntimeRoles.PaymentWorker, "UPDATE operator_actions SET by = 'somebody else'")]
    public async Task The_service_role_cannot_change_or_delete_immutable_rows(string database, string role, string sql) =>
        await RefusedAsync(database, role, sql);

    [Theory]
    [InlineData("orders", RuntimeRoles.OrderApi)]
    [InlineData("payments", RuntimeRoles.PaymentWorker)]
    public async Task The_service_role_cannot_run_DDL_escalate_or_read_files(string database, string role)
    {
        foreach (var sql in new[]
        {
            "DROP TABLE outbox", "TRUNCATE inbox", "ALTER TABLE events ADD COLUMN x int", "CREATE TABLE mine (x int)",
            "CREATE SCHEMA mine", "CREATE INDEX ON events (type)",
            "ALTER TABLE redrives DISABLE TRIGGER append_only", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DROP VIEW readable_events",
            "CREATE ROLE mine", "ALTER ROLE postgres PASSWORD 'x'", "SET ROLE postgres",
            "CREATE DATABASE mine", "ALTER SYSTEM SET fsync = off",
            "SELECT pg_read_file('postgresql.conf')", "COPY (SELECT 1) TO PROGRAM 'true'", "SELECT passwd FROM pg_shadow",
        })
            await RefusedAsync(database, role, sql);
    }

    [Theory]
    [InlineData("payments", RuntimeRoles.OrderApi)]
    [InlineData("orders", RuntimeRoles.PaymentWorker)]
    public async Task A_service_cannot_connect_to_the_database_of_the_other_service(string database, string role)
    {
        await using var connection = new NpgsqlConnection(
            (await shared.StartedAsync()).Postgres.ConnectionString(database, role: role) + ";Pooling=false");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(TestContext.Current.CancellationToken));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Theory]
    [InlineData(";Password=wrong", PostgresErrorCodes.InvalidPassword)]
    [InlineData(";Password=", null)]
    [InlineData(";Username=nobody", PostgresErrorCodes.InvalidPassword)]
    public async Task A_wrong_or_missing_password_or_an_unknown_role_cannot_log_in(string change, string? state)
    {
        await using var connection = new NpgsqlConnection(
            (await shared.StartedAsync()).Postgres.ConnectionString("orders", role: RuntimeRoles.OrderApi)
                + ";Pooling=false" + change);
        var refused = await Assert.ThrowsAnyAsync<NpgsqlException>(() => connection.OpenAsync(TestContext.Current.CancellationToken));
        Assert.Equal(state, (refused as PostgresException)?.SqlState);
    }

    /// <summary>A migration that adds a table must grant the service its rights in rights.sql.</summary>
    [Theory]
    [InlineData("orders", RuntimeRoles.OrderApi)]
    [InlineData("payments", RuntimeRoles.PaymentWorker)]
    public async Task The_service_role_can_read_every_table_and_owns_none(string database, string role)
    {
        var administrator = (await shared.StartedAsync()).Postgres.ConnectionString(database);

        Assert.Equal("", await Sql.ScalarAsync<string>(
            administrator,
            "SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
                + $"AND NOT has_table_privilege('{role}', oid, 'SELECT')"));
        Assert.Equal(0L, await Sql.ScalarAsync<long>(
            administrator, $"SELECT count(*) FROM pg_class WHERE relowner = '{role}'::regrole AND relpersistence <> 't'"));
        Assert.Equal("SCRAM", await Sql.ScalarAsync<string>(
            administrator,
            $"SELECT left(rolpassword, 5) FROM pg_authid WHERE rolname = '{role}' "
                + "AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"));
    }

    [Fact]
    public async Task An_owner_without_superuser_rights_migrates_for_a_preexisting_service_role()
    {
        var system = await shared.StartedAsync();
        var (owner, service) = ($"owner_{Guid.NewGuid():N}", $"service_{Guid.NewGuid():N}");
        await system.Postgres.ExecuteAsync($"CREATE ROLE {owner} LOGIN PASSWORD '{PostgresTemplate.Password}'");
        await system.Postgres.ExecuteAsync($"CREATE DATABASE {owner} OWNER {owner}");
        var environment = system.MigrationEnvironment();
        environment["ConnectionStrings__orders"] = system.Postgres.ConnectionString(owner, role: owner);
        environment["Database__RuntimeRole"] = service;
        environment["Database__RuntimePassword"] = "";

        var (refused, why) = await ServiceProcess.RunAsync(Api, environment, "migrate");
        Assert.Equal(1, refused);
        Assert.Contains("does not exist", why, StringComparison.Ordinal);

        await system.Postgres.ExecuteAsync($"CREATE ROLE {service} LOGIN PASSWORD '{PostgresTemplate.Password}'");
        var (done, said) = await ServiceProcess.RunAsync(Api, environment, "migrate");
        Assert.True(done == 0, said);
        var asService = system.Postgres.ConnectionString(owner, role: service);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(asService, "SELECT count(*) FROM orders"));
        await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(asService, "DROP TABLE orders"));
    }

    [Fact]
    public async Task The_database_owner_is_rejected_as_the_service_role()
    {
        var environment = (await shared.StartedAsync()).MigrationEnvironment();
        environment["Database__RuntimeRole"] = "postgres";

        var (exitCode, output) = await ServiceProcess.RunAsync(Api, environment, "migrate");

        Assert.Equal(1, exitCode);
        Assert.Contains("Database__RuntimeRole", output, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresTemplate.Password, output, StringComparison.Ordinal);
    }

    private async Task RefusedAsync(string database, string role, string sql)
    {
        var connectionString = (await shared.StartedAsync()).Postgres.ConnectionString(database, role: role);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(connectionString, sql));
        Assert.True(refused.SqlState is PostgresErrorCodes.InsufficientPrivilege, $"{sql}: {refused.SqlState} {refused.MessageText}");
    }
}
