using Npgsql;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The server that all database tests stand on.</summary>
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
    public async Task What_was_committed_is_there_after_a_crash()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var dataSource = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await dataSource.CreateCommand("CREATE TABLE kept AS SELECT 42 AS answer").ExecuteNonQueryAsync();

        await server.KillAsync();
        await server.StartAgainAsync();
        dataSource.Clear();

        Assert.Equal(42, await dataSource.CreateCommand("SELECT answer FROM kept").ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_frozen_server_answers_again_when_it_is_thawed()
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
