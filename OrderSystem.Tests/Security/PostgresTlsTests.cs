using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>TLS to PostgreSQL, configured by the connection string alone.</summary>
public sealed class PostgresTlsTests : IAsyncLifetime
{
    private readonly Certificates ours = new();
    private readonly Certificates foreign = new();
    private PostgresServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await PostgresServer.StartAsync();
        var data = await Sql.ScalarAsync<string>(server.ConnectionString("postgres"), "SHOW data_directory");
        foreach (var file in new[] { "server.pem", "server.key" })
            await PostgresAccount.RunAsServerUserAsync(
                "sh", "-c", "umask 077; printf %s \"$1\" > \"$0\"",
                Path.Combine(data, file), await File.ReadAllTextAsync(ours.PathOf(file)));
        foreach (var setting in new[] { "ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'", "ssl = on" })
            await server.ExecuteAsync($"ALTER SYSTEM SET {setting}");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.BeTrueAsync(
            "TLS is on", async () => await Sql.ScalarAsync<string>(server.ConnectionString("postgres"), "SHOW ssl") == "on");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        ours.Dispose();
        foreign.Dispose();
    }

    [Fact]
    public async Task Only_a_server_certificate_of_the_configured_CA_is_trusted()
    {
        Assert.True(await IsEncryptedAsync($"SSL Mode=VerifyFull;Root Certificate={ours.PathOf("ca.pem")}"));
        Assert.True(await IsEncryptedAsync("SSL Mode=Require"));
        Assert.False(await IsEncryptedAsync("SSL Mode=Disable"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(
            () => IsEncryptedAsync($"SSL Mode=VerifyFull;Root Certificate={foreign.PathOf("ca.pem")}"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => IsEncryptedAsync("SSL Mode=VerifyFull"));
    }

    [Fact]
    public async Task A_migration_fails_on_an_untrusted_server_certificate_without_logging_the_password()
    {
        Assert.Equal(0, (await MigrateAsync(ours)).ExitCode);

        var (exitCode, output) = await MigrateAsync(foreign);
        Assert.Equal(1, exitCode);
        Assert.Contains("not migrated", output, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresTemplate.Password, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_rejected_when_TLS_is_required()
    {
        await server.ExecuteAsync("ALTER SYSTEM SET ssl = off");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.BeTrueAsync(
            "TLS is off", async () => await Sql.ScalarAsync<string>(server.ConnectionString("postgres"), "SHOW ssl") == "off");

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => IsEncryptedAsync("SSL Mode=Require"));
    }

    /// <summary>Connects with the defaults of a service.</summary>
    private Task<bool> IsEncryptedAsync(string mode) => Sql.ScalarAsync<bool>(
        PostgresDefaults.Complete($"{server.ConnectionString("postgres")};{mode}", "tests"),
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");

    private Task<(int ExitCode, string Output)> MigrateAsync(Certificates trusted) => ServiceProcess.RunAsync(
        "OrderSystem.OrderApi",
        new Dictionary<string, string>
        {
            ["ConnectionStrings__orders"] =
                $"{server.ConnectionString("orders")};SSL Mode=VerifyFull;Root Certificate={trusted.PathOf("ca.pem")}",
        },
        "migrate");
}
