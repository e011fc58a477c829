using Npgsql;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>
/// The number of pending orders while the load runs. The orders' database counts them in a small partial index; without a connection to it,
/// one page of the API counts up to 200.
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
            // An overloaded system may refuse; this second then has no backlog.
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (orders is not null)
            await orders.DisposeAsync();
    }
}
