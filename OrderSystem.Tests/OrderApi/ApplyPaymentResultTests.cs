using Npgsql;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Orders;
using OrderSystem.OrderApi.Payments;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>The outcome of a payment on an order of each status, against a real database.</summary>
public sealed class ApplyPaymentResultTests(SharedPostgres shared) : IAsyncLifetime
{
    private readonly Guid order = Guid.CreateVersion7();
    private string database = "";

    public async ValueTask InitializeAsync()
    {
        database = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(database, typeof(StalledOrders).Assembly, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>An operator retried a refund in review; the event that asked for the review is redelivered afterwards.</summary>
    [Fact]
    public async Task A_redelivered_review_does_not_undo_the_retry_of_a_refund()
    {
        await InsertOrderAsync("cancelled");
        var review = Result(OrderStatus.ManualReview, RefundState.Review);

        Assert.True((await ApplyAsync(review)).IsNew);
        Assert.True((await ApplyAsync(Result(OrderStatus.Paid, RefundState.Pending))).IsNew);
        Assert.False((await ApplyAsync(review)).IsNew);

        Assert.Equal(["cancelled", "pending", 2L], await StateAsync());
    }

    [Theory]
    [InlineData("pending", "paid")]
    [InlineData("manualReview", "paid")]
    [InlineData("paid", "paid")]
    [InlineData("paymentFailed", "paymentFailed")]
    [InlineData("cancelled", "cancelled")]
    public async Task A_charge_pays_an_order_that_is_open_and_changes_no_final_status(string before, string after)
    {
        await InsertOrderAsync(before);
        var paid = Result(OrderStatus.Paid, RefundState.Pending);

        var first = await ApplyAsync(paid);
        var second = await ApplyAsync(paid);

        Assert.Equal((true, true, before != after), (first.OrderExists, first.IsNew, first.Duration is not null));
        Assert.Equal((true, false, null), (second.OrderExists, second.IsNew, second.Duration));
        Assert.Equal(after, (await StateAsync())[0]);
    }

    [Fact]
    public async Task A_refunded_order_stays_refunded()
    {
        await InsertOrderAsync("cancelled");
        await ApplyAsync(Result(OrderStatus.Cancelled, RefundState.Refunded));
        await ApplyAsync(Result(OrderStatus.Paid, RefundState.Pending));

        Assert.Equal(["cancelled", "refunded", 2L], await StateAsync());
    }

    /// <summary>With an inbox row, the event would be a duplicate when the order is restored and the event replayed.</summary>
    [Fact]
    public async Task An_outcome_without_its_order_leaves_no_inbox_row()
    {
        Assert.False((await ApplyAsync(Result(OrderStatus.Paid))).OrderExists);

        Assert.Equal(0L, await Sql.ScalarAsync<long>(database, "SELECT count(*) FROM inbox"));
    }

    private PaymentResult Result(OrderStatus status, RefundState? refund = null) =>
        new(new ReceivedEnvelope(Guid.CreateVersion7(), order, "", 1, 1), status, Reason: null, refund);

    private async Task<AppliedResult> ApplyAsync(PaymentResult result)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return await ApplyPaymentResult.Write.WriteAsync(connection, result, CancellationToken.None);
    }

    private Task InsertOrderAsync(string status) => Sql.ExecuteAsync(
        database,
        $"""
        INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at)
            VALUES ('{order}', 'c', 'EUR', 1, '[]', '{status}', now(), now())
        """);

    private Task<object?[]> StateAsync() =>
        Sql.RowAsync(database, $"SELECT status, refund, (SELECT count(*) FROM inbox) FROM orders WHERE id = '{order}'");
}
