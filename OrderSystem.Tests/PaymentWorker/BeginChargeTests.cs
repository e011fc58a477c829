using Npgsql;
using OrderSystem.Messaging.GroupCommit;
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

    /// <summary>The provider has accepted the charge: another call would be a second one as soon as the provider forgets the key.</summary>
    [Fact]
    public async Task A_payment_in_processing_is_begun_by_no_message_and_stays_in_processing_when_it_has_to_wait()
    {
        await BeginAsync(10);
        Assert.True(await AwaitOutcomeAsync());
        Assert.Equal("processing", await StatusAsync());

        Assert.Equal(ChargeState.Finished, (await BeginAsync(10)).State);
        Assert.True(await WriteAsync(
            SuspendCharge.Write, new(order, "the retry budget is exhausted", TimeSpan.Zero, [], Counts: false)));
        Assert.Equal("processing", await StatusAsync());
    }

    [Fact]
    public async Task An_answer_that_the_charge_is_processing_does_not_undo_the_outcome_that_a_webhook_has_brought()
    {
        await BeginAsync(10);
        await Sql.ExecuteAsync(database, $"UPDATE payments SET status = 'succeeded' WHERE order_id = '{order}'");

        Assert.False(await AwaitOutcomeAsync());
        Assert.Equal("succeeded", await StatusAsync());
    }

    private Task<string> StatusAsync() =>
        Sql.ScalarAsync<string>(database, $"SELECT status FROM payments WHERE order_id = '{order}'");

    private Task<bool> AwaitOutcomeAsync() =>
        WriteAsync(AwaitOutcome.Write, new(order, "ch_1", "the provider is still processing it", TimeSpan.Zero, [], Received: null));

    private Task<BegunCharge> BeginAsync(decimal amount) =>
        WriteAsync(BeginCharge.Write, BeginCharge.Intent(order, amount, "EUR", TimeSpan.FromMinutes(1), isInDoubt: false));

    private async Task<TResult> WriteAsync<TRow, TResult>(BatchedWrite<TRow, TResult> write, TRow row)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return await write.WriteAsync(connection, row, CancellationToken.None);
    }
}
