using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>What is made of a password here is what the server would have made of it.</summary>
public sealed class ScramVerifierTests(SharedPostgres shared)
{
    [Theory]
    [InlineData("only-for-tests")]
    [InlineData("with 'quotes' and \\ and a : and a $")]
    [InlineData("pa\u00dfw\u00f6rter")]
    public async Task It_is_the_one_that_PostgreSQL_makes_with_the_same_salt(string password)
    {
        var administrator = (await shared.StartedAsync()).ConnectionString("postgres");
        var role = $"role_{Guid.NewGuid():N}";
        await Sql.ExecuteAsync(administrator, $"CREATE ROLE {role} PASSWORD '{password.Replace("'", "''", StringComparison.Ordinal)}'");

        var made = await Sql.ScalarAsync<string>(administrator, $"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'");

        Assert.Equal(made, ScramVerifier.Of(password, Convert.FromBase64String(made.Split('$', ':')[2])));
    }

    /// <summary>Also characters that can be written in two ways.</summary>
    [Theory]
    [InlineData("only-for-tests")]
    [InlineData("\ufb01ve \u2168 times")]
    public async Task Whoever_knows_the_password_gets_in_and_nobody_else(string password)
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
    public void Each_has_a_salt_of_its_own() => Assert.NotEqual(ScramVerifier.Of("only-for-tests"), ScramVerifier.Of("only-for-tests"));
}
