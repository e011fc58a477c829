using System.Reflection;
using Microsoft.Extensions.Configuration;
using Npgsql;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Schema;

/// <summary>
/// The role of a running service, with only the privileges in the scripts <c>rights.sql</c> (least privilege); the owner of the database is
/// another role. Settings <c>Database:RuntimeRole</c> and, for a role that the migration creates, <c>Database:RuntimePassword</c>.
/// </summary>
internal sealed class RuntimeRole
{
    private const string Script = "rights.sql";
    private readonly string name;
    private readonly string? password;

    private RuntimeRole(string name, string? password) => (this.name, this.password) = (name, password);

    /// <summary>Null if the service runs as the owner of the database.</summary>
    internal static RuntimeRole? From(IConfiguration configuration) =>
        configuration["Database:RuntimeRole"] is { Length: > 0 } name ? new(name, configuration["Database:RuntimePassword"]) : null;

    /// <summary>Creates the role if a password is set, revokes its privileges and grants the current ones.</summary>
    /// <exception cref="StartupException">The role owns the database, or does not exist.</exception>
    internal async Task GrantAsync(NpgsqlConnection connection, Assembly service, CancellationToken cancellationToken)
    {
        var names = new NpgsqlCommandBuilder();
        var (role, database) = (names.QuoteIdentifier(name), names.QuoteIdentifier(connection.Database));
        if (await ScalarAsync(
            connection,
            "SELECT current_user = $1 "
            + "OR pg_has_role($1, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE') "
            + "FROM pg_roles WHERE rolname = $1",
            cancellationToken) is true)
            throw new StartupException(
                $"Database__RuntimeRole is '{name}', which owns the database. Set it to a separate role for the service.");
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await MakeAsync(connection, role, cancellationToken);
        await ExecuteAsync(
            connection,
            $"""
            REVOKE ALL ON DATABASE {database} FROM PUBLIC, {role};
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            REVOKE ALL ON SCHEMA public FROM {role};
            REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role};
            REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {role};
            REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, {role};
            GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role};
            GRANT USAGE ON SCHEMA public TO {role};
            """,
            cancellationToken);
        foreach (var script in MigrationScript.Named(Script, service))
            await ExecuteAsync(connection, script.Sql.Replace("{role}", role, StringComparison.Ordinal), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task MakeAsync(NpgsqlConnection connection, string role, CancellationToken cancellationToken)
    {
        var exists = await ScalarAsync(connection, "SELECT true FROM pg_roles WHERE rolname = $1", cancellationToken) is true;
        if (password is not { Length: > 0 })
        {
            if (!exists)
                throw new StartupException(
                    $"Role '{name}' does not exist. Create it, or set Database__RuntimePassword to have it created here.");
            return;
        }

        // The verifier instead of the password: the server may log statements.
        await ExecuteAsync(
            connection,
            $"{(exists ? "ALTER" : "CREATE")} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
            + $"PASSWORD '{ScramVerifier.Of(password)}'",
            cancellationToken);
    }

    private async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = name } } };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
