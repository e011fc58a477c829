using Npgsql;
using OrderSystem.Messaging.Schema;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Who may charge an order, against a real database.</summary>
public sealed class BeginChargeTests(SharedPostgres shared) : IAsyncLifetime
{
    private readonly Guid order = Guid.CreateVersion7();
    private string database = "";

    public async ValueTask InitializeAsync()
    {
        database = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(database, typeof(BeginCharge).Assembly, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_second_worker_gets_the_payment_only_when_the_lease_has_expired_and_with_the_same_key()
    {
        var first = await BeginAsync(10);
        Assert.Equal((ChargeState.Begun, 1), (first.State, first.Payment!.Attempts));

        Assert.Equal(ChargeState.Leased, (await BeginAsync(10)).State);

        await Sql.ExecuteAsync(database, $"UPDATE payments SET lease_until = now() WHERE order_id = '{order}'");
        var second = await BeginAsync(10);
        Assert.Equal((ChargeState.Begun, 2), (second.State, second.Payment!.Attempts));
        Assert.Equal(first.Payment.ProviderKey, second.Payment.ProviderKey);
    }

    [Fact]
    public async Task Another_amount_or_a_finished_payment_is_not_charged()
    {
        await BeginAsync(10);
        await Sql.ExecuteAsync(database, $"UPDATE payments SET lease_until = now() WHERE order_id = '{order}'");
        Assert.Equal(ChargeState.Mismatch, (await BeginAsync(11)).State);

        await Sql.ExecuteAsync(database, $"UPDATE payments SET status = 'succeeded' WHERE order_id = '{order}'");
        Assert.Equal(ChargeState.Finished, (await BeginAsync(10)).State);
    }

    private async Task<BegunCharge> BeginAsync(decimal amount)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        var intent = BeginCharge.Intent(order, amount, "EUR", TimeSpan.FromMinutes(1), isInDoubt: false);
        return await BeginCharge.Write.WriteAsync(connection, intent, CancellationToken.None);
    }
}
