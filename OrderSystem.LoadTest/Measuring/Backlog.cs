using Npgsql;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>
/// How many orders wait to be settled while the load runs. The orders' database counts them from a small partial index; without it the API is
/// asked for one page, which says up to 200.
/// </summary>
internal sealed class Backlog(OrdersApi api, string? database) : IAsyncDisposable
{
    private readonly NpgsqlDataSource? orders = database is null ? null : NpgsqlDataSource.Create(PostgresHosts.ToPrimary(database));

    internal async Task<long?> CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (orders is null)
                return await api.PendingAsync(cancellationToken);
            await using var command = orders.CreateCommand("SELECT count(*) FROM orders WHERE status = 'pending'");
            return (long?)await command.ExecuteScalarAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is NpgsqlException or HttpRequestException)
        {
            // A system under too much load may refuse; the line then says nothing about the backlog.
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (orders is not null)
            await orders.DisposeAsync();
    }
}
