using Npgsql;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The server of all database tests.</summary>
public sealed class PostgresServerTests
{
    [Fact]
    public async Task A_server_starts_with_durable_settings_and_leaves_nothing_behind()
    {
        var server = await PostgresServer.StartAsync();
        var id = server.ProcessId;
        await using (var connection = new NpgsqlConnection(server.ConnectionString("postgres")))
        {
            await connection.OpenAsync();
            Assert.Equal("on", await ScalarAsync(connection, "SHOW fsync"));
            Assert.Equal("on", await ScalarAsync(connection, "SHOW synchronous_commit"));
            var directory = (string)(await ScalarAsync(connection, "SHOW data_directory"))!;
            await server.DisposeAsync();
            Assert.False(Directory.Exists(directory));
        }

        Assert.False(Directory.Exists($"/proc/{id}"));
    }

    [Fact]
    public async Task Committed_rows_survive_a_crash()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var dataSource = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await dataSource.CreateCommand("CREATE TABLE committed AS SELECT 42 AS answer").ExecuteNonQueryAsync();

        await server.KillAsync();
        await server.StartAgainAsync();
        dataSource.Clear();

        Assert.Equal(42, await dataSource.CreateCommand("SELECT answer FROM committed").ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_frozen_server_responds_after_it_is_thawed()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var connection = new NpgsqlConnection(server.ConnectionString("postgres"));
        await connection.OpenAsync();

        await server.FreezeAsync();
        var answer = ScalarAsync(connection, "SELECT 1");
        Assert.NotSame(answer, await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System)));
        await server.ThawAsync();

        Assert.Equal(1, await answer);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
