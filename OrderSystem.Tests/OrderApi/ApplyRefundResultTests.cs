using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Orders;
using OrderSystem.OrderApi.Payments;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>The outcomes of refunds on their order, in each order of delivery, against a real database.</summary>
public sealed class ApplyRefundResultTests(SharedPostgres shared) : IAsyncLifetime
{
    private readonly Guid order = Guid.CreateVersion7();
    private readonly Guid requested = Guid.CreateVersion7();
    private string database = "";

    public async ValueTask InitializeAsync()
    {
        database = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(database, typeof(StalledOrders).Assembly, CancellationToken.None);
        await ResetAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// The requested refund is reported as failed and, because the provider made it nevertheless, as succeeded. Two more were made at the
    /// provider. Each event comes twice.
    /// </summary>
    [Fact]
    public async Task Refunds_add_up_in_any_order_of_delivery_with_any_duplicates()
    {
        RefundResult[] events =
        [
            Result(requested, 3m, RefundStatus.Failed), Result(requested, 3m),
            Result(Guid.NewGuid(), 2m, source: RefundSource.Provider), Result(Guid.NewGuid(), 10m, source: RefundSource.Chargeback),
        ];
        foreach (var delivered in Permutations(events))
        {
            await ResetAsync();
            foreach (var result in delivered.Concat(delivered.Reverse()))
                Assert.True((await ApplyAsync(result)).OrderExists);

            Assert.Equal([15m, 0m, 3L, 15m, 4L], await StateAsync());
        }
    }

    [Fact]
    public async Task A_duplicate_is_recognised_and_changes_nothing()
    {
        var result = Result(requested, 3m);
        Assert.Equal(new AppliedRefund(OrderExists: true, IsNew: true, IsChanged: true), await ApplyAsync(result));
        Assert.Equal(new AppliedRefund(OrderExists: true, IsNew: false, IsChanged: false), await ApplyAsync(result));

        // The same outcome in another event, as after an operator's decision.
        Assert.Equal(new AppliedRefund(OrderExists: true, IsNew: true, IsChanged: false), await ApplyAsync(Result(requested, 3m)));
        Assert.Equal([3m, 0m, 1L, 3m, 2L], await StateAsync());
    }

    [Fact]
    public async Task A_refund_that_succeeded_never_fails()
    {
        await ApplyAsync(Result(requested, 3m));
        await ApplyAsync(Result(requested, 3m, RefundStatus.Failed));

        Assert.Equal([3m, 0m, 1L, 3m, 2L], await StateAsync());
        Assert.Equal(
            ["succeeded", "re_1", null],
            (await Sql.RowAsync(database, "SELECT status, provider_reference, failure FROM refunds")).Select(NoNull));
    }

    [Fact]
    public async Task An_outcome_waits_for_a_concurrent_one_and_sees_what_it_has_done()
    {
        await using var other = await Sql.HoldAsync(
            database, $"UPDATE refunds SET status = 'failed' WHERE id = '{requested}'; UPDATE orders SET refund_pending = 0");
        var applied = ApplyAsync(Result(requested, 3m));
        await Eventually.BeTrueAsync("the outcome waits for the other transaction", async () => await Sql.ScalarAsync<long>(
            database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") > 0);
        await using (var commit = new NpgsqlCommand("COMMIT", other))
            await commit.ExecuteNonQueryAsync();

        Assert.True((await applied).IsChanged);
        Assert.Equal([3m, 0m, 1L, 3m, 1L], await StateAsync());
    }

    [Fact]
    public async Task A_refund_that_failed_returns_its_amount()
    {
        await ApplyAsync(Result(requested, 3m, RefundStatus.Failed));
        Assert.Equal([0m, 0m, 1L, 0m, 1L], await StateAsync());
    }

    /// <summary>After a restore of this database the worker knows a request that this service has forgotten.</summary>
    [Fact]
    public async Task A_refund_whose_request_was_lost_is_added()
    {
        await ApplyAsync(Result(Guid.NewGuid(), 2m, RefundStatus.Failed));
        await ApplyAsync(Result(Guid.NewGuid(), 4m));
        Assert.Equal([4m, 3m, 3L, 4m, 2L], await StateAsync());
    }

    /// <summary>With an inbox row, the event would be a duplicate when the order is restored and the event replayed.</summary>
    [Theory]
    [InlineData(false, "EUR")]
    [InlineData(true, "USD")]
    public async Task An_outcome_without_its_order_leaves_no_inbox_row(bool isKnown, string currency)
    {
        var result = Result(requested, 3m, currency: currency, of: isKnown ? order : Guid.NewGuid());
        Assert.False((await ApplyAsync(result)).OrderExists);
        Assert.Equal([0m, 3m, 1L, 0m, 0L], await StateAsync());
    }

    private static object? NoNull(object? value) => value is DBNull ? null : value;

    private static IEnumerable<RefundResult[]> Permutations(RefundResult[] events) => events.Length < 2
        ? [events]
        : events.SelectMany(
            first => Permutations([.. events.Where(other => other != first)]).Select(rest => rest.Prepend(first).ToArray()));

    private RefundResult Result(
        Guid refund, decimal amount, RefundStatus status = RefundStatus.Succeeded, RefundSource source = RefundSource.Request,
        string currency = "EUR", Guid? of = null) =>
        new(
            new ReceivedEnvelope(Guid.CreateVersion7(), of ?? order, "", 1, 1), refund, Money.Of(amount, currency), status, source,
            Reason: "because", ProviderReference: status == RefundStatus.Failed ? null : "re_1");

    private async Task<AppliedRefund> ApplyAsync(RefundResult result)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return await ApplyRefundResult.Write.WriteAsync(connection, result, CancellationToken.None);
    }

    private Task ResetAsync() => Sql.ExecuteAsync(
        database,
        $"""
        DELETE FROM inbox;
        DELETE FROM refunds;
        DELETE FROM orders;
        INSERT INTO orders (id, customer_id, currency, total, items, status, refund_pending, refund_requests, created_at, updated_at)
            VALUES ('{order}', 'c', 'EUR', 10, '[]', 'paid', 3, 1, now(), now());
        INSERT INTO refunds (id, order_id, amount, currency, source, status, created_at, updated_at)
            VALUES ('{requested}', '{order}', 3, 'EUR', 'request', 'pending', now(), now())
        """);

    /// <summary>The sums of the order, its refunds, the sum of those that succeeded, and the inbox.</summary>
    private Task<object?[]> StateAsync() => Sql.RowAsync(
        database,
        """
        SELECT refunded_total, refund_pending, (SELECT count(*) FROM refunds),
            coalesce((SELECT sum(amount) FROM refunds WHERE status = 'succeeded'), 0), (SELECT count(*) FROM inbox)
        FROM orders
        """);
}
