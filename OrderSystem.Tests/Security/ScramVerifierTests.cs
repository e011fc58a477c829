using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>The SCRAM verifier of a password equals the one that PostgreSQL would compute.</summary>
public sealed class ScramVerifierTests(SharedPostgres shared)
{
    [Theory]
    [InlineData("only-for-tests")]
    [InlineData("with 'quotes' and \\ and a : and a $")]
    [InlineData("pa\u00dfw\u00f6rter")]
    public async Task The_verifier_equals_that_of_PostgreSQL_for_the_same_salt(string password)
    {
        var administrator = (await shared.StartedAsync()).ConnectionString("postgres");
        var role = $"role_{Guid.NewGuid():N}";
        await Sql.ExecuteAsync(administrator, $"CREATE ROLE {role} PASSWORD '{password.Replace("'", "''", StringComparison.Ordinal)}'");

        var expected = await Sql.ScalarAsync<string>(administrator, $"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'");

        Assert.Equal(expected, ScramVerifier.Of(password, Convert.FromBase64String(expected.Split('$', ':')[2])));
    }

    /// <summary>Includes characters that SASLprep normalizes.</summary>
    [Theory]
    [InlineData("only-for-tests")]
    [InlineData("\ufb01ve \u2168 times")]
    public async Task Only_the_right_password_can_log_in(string password)
    {
        var server = await shared.StartedAsync();
        var role = $"role_{Guid.NewGuid():N}";
        await server.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD '{ScramVerifier.Of(password)}'");
        var login = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres")) { Username = role, Password = password };

        Assert.Equal(role, await Sql.ScalarAsync<string>(login.ConnectionString, "SELECT current_user::text"));
        login.Password += "x";
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(login.ConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public void Every_verifier_has_its_own_salt() =>
        Assert.NotEqual(ScramVerifier.Of("only-for-tests"), ScramVerifier.Of("only-for-tests"));
}
